"""Relying parties hear that a session has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sign_out_notices"
down_revision = "roles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there hear nothing, as before."""
    op.add_column("clients", sa.Column("backchannel_logout_uri", sa.Text, nullable=False, server_default=""))
    op.add_column("clients", sa.Column(
        "backchannel_logout_session_required", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("clients", sa.Column("ca_bundle", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "client_sessions",
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("sid", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("ended", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("client", "sid", name="pk_client_sessions"),
        _key("client_sessions"),
    )
    for column in ("sid", "user", "began"):
        op.create_index(f"ix_client_sessions_{column}", "client_sessions", [column])
    op.create_table(
        "sign_out_notices",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("sid", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_out_notices"),
        _key("sign_out_notices"),
    )
    for column in ("client", "due"):
        op.create_index(f"ix_sign_out_notices_{column}", "sign_out_notices", [column])


def _key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["client"], ["clients.id"], name=f"fk_{table}_client", ondelete="CASCADE")
