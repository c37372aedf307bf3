"""Sessions have a row each, and a length by settings of their provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sessions"
down_revision = "second_factors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; sessions from before have no row, and last as long as their cookies say."""
    op.add_column("providers", sa.Column("session_hours", sa.Double, nullable=False, server_default="12"))
    op.add_column("providers", sa.Column("idle_minutes", sa.Double, nullable=False, server_default="240"))
    op.add_column("providers", sa.Column("fetch_groups", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("sid", sa.String(255), nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("ended", sa.Double, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("client", sa.String(255), nullable=False),
        sa.Column("auth_time", sa.Double, nullable=False),
        sa.Column("amr", sa.Text, nullable=False),
        sa.Column("acr", sa.String(255), nullable=False),
        sa.Column("id_token", sa.LargeBinary, nullable=False),
        sa.Column("refresh_token", sa.LargeBinary, nullable=False),
        sa.Column("claims", sa.LargeBinary, nullable=False),
        sa.Column("refresh_at", sa.Double, nullable=False),
        sa.Column("refreshes", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires", "sessions", ["expires"])
    op.create_index("ix_sessions_provider_subject", "sessions", ["provider", "subject"])
    op.create_index("ix_sessions_provider_sid", "sessions", ["provider", "sid"])
    op.create_table(
        "session_applications",
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("session", "application", name="pk_session_applications"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_session_applications_session", ondelete="CASCADE"),
    )
