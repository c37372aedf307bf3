"""Other applications sign people in at the built-in provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "clients"
down_revision = "native_clients"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "clients",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("former_hash", sa.String(64), nullable=False),
        sa.Column("former_until", sa.Double, nullable=False),
        sa.Column("redirect_uris", sa.Text, nullable=False),
        sa.Column("post_logout_redirect_uris", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("rotated", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.UniqueConstraint("name_key", name="uq_clients_name_key"),
    )
