"""Connectors of a group are updated one after the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "update_leases"
down_revision = "fleet"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "update_leases",
        sa.Column(
            "connector_group", sa.String(64), sa.ForeignKey("connector_groups.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("connector", sa.String(64), sa.ForeignKey("connectors.id", ondelete="CASCADE"), nullable=False),
        sa.Column("begun", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
