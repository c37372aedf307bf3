"""Passwords that were tried lately, which all nodes count together, also after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "password_attempts"
down_revision = "grant_families"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "password_attempts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("process", sa.String(64), nullable=False),
        sa.Column("time", sa.Double, nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("network", sa.String(128), nullable=False),
        sa.Column("block", sa.String(128), nullable=False),
        sa.Column("succeeded", sa.Boolean, nullable=False),
    )
