"""The nodes of the service, and the tokens by which machines become such."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "nodes"
down_revision = "idempotency"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("beats", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "node_tokens",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False, index=True),
        sa.Column("used", sa.Double, nullable=False),
        sa.Column("used_by", sa.String(128), nullable=False),
    )
