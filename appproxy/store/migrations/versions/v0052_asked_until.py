"""When roles end that were asked for, where releases that know of no such do not change it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "asked_until"
down_revision = "command_line_origins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there end when they were to."""
    op.add_column("role_assignments", sa.Column("asked_until", sa.Double, nullable=False, server_default="0"))
    op.execute("UPDATE role_assignments SET asked_until = expires WHERE entitlement <> ''")
