"""Command lines and connectors that people let in, and roles that people ask for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "command_lines"
down_revision = "crl_editions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns."""
    op.add_column("join_tokens", sa.Column("allowed_by", sa.Text, nullable=False, server_default=""))
    op.add_column("role_assignments", sa.Column("entitlement", sa.String(64), nullable=False, server_default=""))
    op.add_column("role_assignments", sa.Column("through", sa.String(255), nullable=False, server_default=""))
    op.create_index("ix_role_assignments_entitlement", "role_assignments", ["entitlement"])
    _machines()
    _entitlements()
    _requests()


def _machines() -> None:
    op.create_table(
        "waiting_machines",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_code", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("connector_group", sa.Text, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("denied", sa.Boolean, nullable=False),
        sa.Column("polled", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_machines"),
        sa.UniqueConstraint("user_code", name="uq_waiting_machines_user_code"),
    )
    op.create_index("ix_waiting_machines_expires", "waiting_machines", ["expires"])
    op.create_table(
        "command_lines",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("former_hash", sa.String(64), nullable=False),
        sa.Column("family_hash", sa.String(64), nullable=False),
        sa.Column("rotated", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_command_lines"),
    )
    op.create_index("ix_command_lines_expires", "command_lines", ["expires"])


def _entitlements() -> None:
    op.create_table(
        "role_entitlements",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("application", sa.String(64)),
        sa.Column("longest", sa.Double, nullable=False),
        sa.Column("approval", sa.Boolean, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_entitlements"),
        _key("role_entitlements", "provider", "providers"),
        _key("role_entitlements", "application", "applications"),
    )
    for column in ("provider", "application"):
        op.create_index(f"ix_role_entitlements_{column}", "role_entitlements", [column])


def _requests() -> None:
    op.create_table(
        "role_requests",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("entitlement", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decider", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("ends", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_requests"),
        _key("role_requests", "entitlement", "role_entitlements"),
    )
    for column in ("entitlement", "ends"):
        op.create_index(f"ix_role_requests_{column}", "role_requests", [column])


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
