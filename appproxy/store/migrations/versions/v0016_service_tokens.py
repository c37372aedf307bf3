"""Programs sign in with service tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_tokens"
down_revision = "provider_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "service_tokens",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("former_hash", sa.String(64), nullable=False),
        sa.Column("former_until", sa.Double, nullable=False),
        sa.Column("networks", sa.Text, nullable=False),
        sa.Column("claims", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("rotated", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_tokens"),
        sa.UniqueConstraint("name_key", name="uq_service_tokens_name_key"),
    )
    op.create_index("ix_service_tokens_expires", "service_tokens", ["expires"])
    op.create_table(
        "service_token_applications",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("token", "application", name="pk_service_token_applications"),
        sa.ForeignKeyConstraint(
            ["token"], ["service_tokens.id"], name="fk_service_token_applications_token", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name="fk_service_token_applications_application", ondelete="CASCADE"),
    )
    op.create_index("ix_service_token_applications_application", "service_token_applications", ["application"])
    op.create_table(
        "service_token_uses",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("used", sa.Double, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_service_token_uses"),
        sa.ForeignKeyConstraint(["token"], ["service_tokens.id"], name="fk_service_token_uses_token", ondelete="CASCADE"),
    )
