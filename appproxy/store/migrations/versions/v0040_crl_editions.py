"""Which lists of revoked certificates of a device authority were the newest, so that no older one takes their place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "crl_editions"
down_revision = "device_code_levels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of lists that are there nothing is remembered: the next one is taken, whatever it is."""
    op.add_column("device_authorities", sa.Column("editions", sa.Text, nullable=False, server_default="{}"))
