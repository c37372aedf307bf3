"""Roles of who administers the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "roles"
down_revision = "clients"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "role_assignments",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64)),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("application", sa.String(64)),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_assignments"),
        _key("provider", "providers"),
        _key("application", "applications"),
    )
    for column in ("provider", "application"):
        op.create_index(f"ix_role_assignments_{column}", "role_assignments", [column])


def _key(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_role_assignments_{column}", ondelete="CASCADE")
