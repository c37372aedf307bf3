"""Forms are kept, sealed, while their senders sign in again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "kept_forms"
down_revision = "directories"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "kept_forms",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, index=True),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("expires", sa.Double, nullable=False, index=True),
        sa.Column("form", sa.LargeBinary, nullable=False),
    )
