"""Which browser's session a command line was let in by, so that its provider can be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "command_line_origins"
down_revision = "access_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those that are there nobody knows."""
    op.add_column("command_lines", sa.Column("origin", sa.String(64), nullable=False, server_default=""))
