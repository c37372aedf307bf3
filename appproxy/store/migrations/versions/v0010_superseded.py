"""A connector's certificate renews until a newer one is in use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "superseded"
down_revision = "view"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of certificates that are there nobody knows which is newer, so that each may renew once more."""
    for name in ("certificate_begins", "older_until"):
        op.add_column("connectors", sa.Column(name, sa.Double, nullable=False, server_default="0"))
