"""Authorization requests are pushed where our side wants it, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "pushed"
down_revision = "superseded"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the providers that are there go on as their metadata says."""
    op.add_column("providers", sa.Column("pushed_requests", sa.String(16), nullable=False, server_default="auto"))
