"""Devices with certificates of the service's own authority."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "devices"
down_revision = "device_authorities"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "devices",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("link_hash", sa.String(64), nullable=False),
        sa.Column("link_until", sa.Double, nullable=False),
        sa.Column("password", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("not_after", sa.Double, nullable=False),
        sa.Column("revoked", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_devices_user", ondelete="CASCADE"),
    )
    op.create_index("ix_devices_user", "devices", ["user"])
    op.create_index("ix_devices_link_hash", "devices", ["link_hash"])
    op.create_table(
        "device_revocations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_revocations"),
    )
    op.create_index("ix_device_revocations_expires", "device_revocations", ["expires"])
