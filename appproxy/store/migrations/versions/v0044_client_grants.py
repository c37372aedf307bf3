"""Relying parties have refresh tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "client_grants"
down_revision = "native_grant_risk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has any so far."""
    op.create_table(
        "client_grants",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("sid", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("auth_time", sa.Double, nullable=False),
        sa.Column("methods", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("former_hash", sa.String(64), nullable=False),
        sa.Column("family_hash", sa.String(64), nullable=False),
        sa.Column("rotated", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_client_grants"),
        *(sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_client_grants_{column}", ondelete="CASCADE")
          for column, table in (("client", "clients"), ("user", "users"))),
    )
    for column in ("client", "user", "sid", "expires"):
        op.create_index(f"ix_client_grants_{column}", "client_grants", [column])
