"""Identity providers may encrypt ID tokens to a key of the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "encryption_keys"
down_revision = "device_code_addresses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "encryption_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_encryption_keys"),
        sa.ForeignKeyConstraint(["provider"], ["providers.id"], name="fk_encryption_keys_provider", ondelete="CASCADE"),
    )
    op.create_index("ix_encryption_keys_provider", "encryption_keys", ["provider"])
