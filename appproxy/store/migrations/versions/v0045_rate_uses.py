"""What nodes tell each other of requests that count for limits of addresses and users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rate_uses"
down_revision = "client_grants"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A node of an older release tells nothing, and counts for itself."""
    op.create_table(
        "rate_uses",
        sa.Column("node", sa.String(64), primary_key=True),
        sa.Column("beat", sa.BigInteger, primary_key=True),
        sa.Column("uses", sa.Text, nullable=False),
    )
