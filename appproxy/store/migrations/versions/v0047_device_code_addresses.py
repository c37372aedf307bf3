"""From where a device waits, so that no network takes all places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "device_code_addresses"
down_revision = "revocation_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there, and those of a node of an older release, count as of one network."""
    op.add_column("device_codes", sa.Column("address", sa.String(64), nullable=False, server_default=""))
