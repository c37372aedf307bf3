"""What a device asks of the sign-in that it waits for: a level, and how old it may be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "device_code_levels"
down_revision = "devices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that wait have asked for nothing; nor do those that a node of an older release lets wait."""
    op.add_column("device_codes", sa.Column("asked", sa.Text, nullable=False, server_default=""))
