"""Native clients say whether they may have device codes; those that are there could, and go on to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "device_code_switch"
down_revision = "password_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New ones say it themselves."""
    op.add_column("native_clients", sa.Column("device_codes", sa.Boolean, nullable=False, server_default=sa.true()))
