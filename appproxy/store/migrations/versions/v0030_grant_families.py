"""Refresh tokens of one grant have a part in common, so that one that was made up is known from one that was used before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "grant_families"
down_revision = "nodes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Grants that are there get such a part with their next token."""
    op.add_column("native_grants", sa.Column("family_hash", sa.String(64), nullable=False, server_default=""))
