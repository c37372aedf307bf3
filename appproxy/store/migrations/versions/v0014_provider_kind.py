"""Identity providers have a kind: those that are there speak OpenID Connect, but for the built-in one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "provider_kind"
down_revision = "sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("providers", sa.Column("kind", sa.String(64), nullable=False, server_default="oidc"))
    op.execute("UPDATE providers SET kind = 'builtin' WHERE id = 'builtin'")
