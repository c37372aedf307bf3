"""Relying parties hear in the user's browser that a session has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "front_channel"
down_revision = "sign_out_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there have no such address."""
    op.add_column("clients", sa.Column("frontchannel_logout_uri", sa.Text, nullable=False, server_default=""))
