"""Authorities whose certificates prove devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "device_authorities"
down_revision = "risk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "device_authorities",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False, unique=True),
        sa.Column("certificates", sa.Text, nullable=False),
        sa.Column("lists", sa.Text, nullable=False),
        sa.Column("revoked", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
    )
