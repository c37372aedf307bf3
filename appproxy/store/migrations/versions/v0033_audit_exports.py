"""The audit is exported to other systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "audit_exports"
down_revision = "device_code_switch"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To none, at first."""
    op.create_table(
        "audit_exports",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("format", sa.String(64), nullable=False),
        sa.Column("ca_bundle", sa.Text, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("owned_until", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("delivered", sa.Double, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("lost", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_exports"),
        sa.UniqueConstraint("name_key", name="uq_audit_exports_name_key"),
    )
