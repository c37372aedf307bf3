"""Sign-ins as they were judged, counts over all users, wrong passwords, and users at risk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "risk"
down_revision = "update_leases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _sign_ins()
    _others()


def _sign_ins() -> None:
    op.create_table(
        "risk_sign_ins",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("country", sa.String(64), nullable=False),
        sa.Column("latitude", sa.Double),
        sa.Column("longitude", sa.Double),
        sa.Column("browser", sa.String(128), nullable=False),
        sa.Column("system", sa.String(128), nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("new_device", sa.Integer, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("level", sa.String(64), nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_risk_sign_ins"),
    )
    op.create_index("ix_risk_sign_ins_time", "risk_sign_ins", ["time"])
    op.create_index("ix_risk_sign_ins_address", "risk_sign_ins", ["address"])
    op.create_index("ix_risk_sign_ins_provider", "risk_sign_ins", ["provider", "subject"])


def _others() -> None:
    op.create_table(
        "risk_counts",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("value", sa.String(128), nullable=False),
        sa.Column("amount", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_risk_counts"),
    )
    op.create_index("ix_risk_counts_seen", "risk_counts", ["seen"])
    op.create_table(
        "risk_failures",
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("network", "subject", "hour", name="pk_risk_failures"),
    )
    op.create_index("ix_risk_failures_subject", "risk_failures", ["subject"])
    op.create_index("ix_risk_failures_hour", "risk_failures", ["hour"])
    op.create_table(
        "risky_users",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("medium_until", sa.Double, nullable=False),
        sa.Column("high_until", sa.Double, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("changed", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_risky_users"),
    )
