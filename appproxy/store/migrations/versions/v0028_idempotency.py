"""Answers of changes that a client may ask for twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "idempotency"
down_revision = "audit_chains"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "idempotent_answers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_idempotent_answers"),
    )
    op.create_index("ix_idempotent_answers_expires", "idempotent_answers", ["expires"])
