"""Identity providers have settings, a JSON object of texts, and it is known when their secret was set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "provider_settings"
down_revision = "provider_kind"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("providers", sa.Column("settings", sa.Text, nullable=False, server_default="{}"))
    op.add_column("providers", sa.Column("secret_changed", sa.Double, nullable=False, server_default="0"))
