"""The service has keys by which it proves to identity providers that it is their client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "client_keys"
down_revision = "several_providers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "client_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client_keys"),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name="fk_client_keys_provider", ondelete="CASCADE"),
    )
    op.create_index("ix_client_keys_provider", "client_keys", ["provider"])
