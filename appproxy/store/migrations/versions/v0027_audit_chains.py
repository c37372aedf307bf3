"""Entries of the audit are bound to each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "audit_chains"
down_revision = "front_channel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there is in no chain."""
    op.add_column("audit", sa.Column("link", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "audit_chains",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("start", sa.String(64), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_chains"),
    )
