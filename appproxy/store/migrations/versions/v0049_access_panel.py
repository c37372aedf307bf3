"""Applications have logos, and users find those that they have used lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "access_panel"
down_revision = "encryption_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has a logo so far, and nobody has used anything."""
    op.create_table(
        "application_logos",
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("application", name="pk_application_logos"),
        _of("application_logos"),
    )
    op.create_table(
        "logo_pictures",
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("application", name="pk_logo_pictures"),
        _of("logo_pictures"),
    )
    op.create_table(
        "recent_applications",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("used", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", "application", name="pk_recent_applications"),
        _of("recent_applications"), _of("recent_applications", "provider", "providers"),
    )
    for column in ("application", "used"):
        op.create_index(f"ix_recent_applications_{column}", "recent_applications", [column])


def _of(table: str, column: str = "application", other: str = "applications") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
