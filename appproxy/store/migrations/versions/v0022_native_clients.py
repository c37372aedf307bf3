"""Native clients sign people in at the built-in provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "native_clients"
down_revision = "kept_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _clients()
    _grants()
    _device_codes()


def _clients() -> None:
    op.create_table(
        "native_clients",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("redirect_uris", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_native_clients"),
        sa.UniqueConstraint("name_key", name="uq_native_clients_name_key"),
    )
    op.create_table(
        "native_client_applications",
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("client", "application", name="pk_native_client_applications"),
        _key("native_client_applications", "client", "native_clients"),
        _key("native_client_applications", "application", "applications"),
    )
    op.create_index("ix_native_client_applications_application", "native_client_applications", ["application"])


def _grants() -> None:
    op.create_table(
        "native_grants",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("auth_time", sa.Double, nullable=False),
        sa.Column("methods", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("former_hash", sa.String(64), nullable=False),
        sa.Column("rotated", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_native_grants"),
        _key("native_grants", "client", "native_clients"),
        _key("native_grants", "user", "users"),
    )
    for column in ("client", "user", "expires"):
        op.create_index(f"ix_native_grants_{column}", "native_grants", [column])


def _device_codes() -> None:
    op.create_table(
        "device_codes",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_code", sa.String(64), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("denied", sa.Boolean, nullable=False),
        sa.Column("polled", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_codes"),
        sa.UniqueConstraint("user_code", name="uq_device_codes_user_code"),
        _key("device_codes", "client", "native_clients"),
    )
    for column in ("client", "expires"):
        op.create_index(f"ix_device_codes_{column}", "device_codes", [column])


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
