"""Policies, named locations and authentication strengths are kept, and who is exempt from policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "policies"
down_revision = "client_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, both empty: nobody is asked for more than before."""
    op.create_table(
        "policy_documents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("groups_since", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_documents"),
        sa.UniqueConstraint("kind", "name_key", name="uq_policy_documents_kind_name_key"),
    )
    op.create_table(
        "break_glass",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name="fk_break_glass_provider", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_break_glass"),
    )
