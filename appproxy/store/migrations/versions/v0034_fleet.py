"""Which connectors are at which nodes, and which of them the audit was told to be inactive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fleet"
down_revision = "audit_exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Connectors that are away for long at that time are told of once more."""
    op.add_column("connector_sightings", sa.Column("inactive", sa.Double, nullable=False, server_default="0"))
    op.create_table(
        "connector_places",
        sa.Column("connector", sa.String(64), sa.ForeignKey("connectors.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("node", sa.String(64), primary_key=True, index=True),
        sa.Column("seen", sa.Double, nullable=False),
    )
