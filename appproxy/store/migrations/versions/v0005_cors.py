"""Rules for calls from other origins' pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cors"
down_revision = "acme"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "cors_rules",
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("path", sa.String(1024), nullable=False),
        sa.Column("origins", sa.Text, nullable=False),
        sa.Column("methods", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("exposed", sa.Text, nullable=False),
        sa.Column("credentials", sa.Boolean, nullable=False),
        sa.Column("max_age", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("application", "host", "path", name="pk_cors_rules"),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name="fk_cors_rules_application", ondelete="CASCADE"
        ),
    )
