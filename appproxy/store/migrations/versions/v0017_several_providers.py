"""Applications may have more identity providers than one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "several_providers"
down_revision = "service_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the further ones."""
    op.create_table(
        "application_providers",
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("application", "provider", name="pk_application_providers"),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name="fk_application_providers_application", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["provider"], ["providers.id"], name="fk_application_providers_provider",
            ondelete="RESTRICT"),
    )
    op.create_index("ix_application_providers_provider", "application_providers", ["provider"])
