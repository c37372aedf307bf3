"""What policies would have done that are only reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "policy_results"
down_revision = "command_lines"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "policy_results",
        sa.Column("day", sa.BigInteger, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("does", sa.String(64), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("last", sa.Double, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("because", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("day", "policy", "provider", "subject", "application", "does", name="pk_policy_results"),
        sa.ForeignKeyConstraint(
            ["policy"], ["policy_documents.id"], name="fk_policy_results_policy", ondelete="CASCADE"),
    )
    op.create_index("ix_policy_results_policy", "policy_results", ["policy"])
