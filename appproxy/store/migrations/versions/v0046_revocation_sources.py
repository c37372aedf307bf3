"""Where the service asks itself which devices' certificates are revoked, and what it has heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "revocation_sources"
down_revision = "rate_uses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Authorities that are there go on without."""
    for name in ("crl_urls", "ocsp"):
        op.add_column("device_authorities", sa.Column(name, sa.Text, nullable=False, server_default="[]"))
    op.add_column(
        "device_authorities", sa.Column("ocsp_soft", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "device_list_fetches",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("owned_until", sa.Double, nullable=False),
        sa.Column("fetched", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_list_fetches"),
        _authority("id", "device_list_fetches"),
    )
    op.create_table(
        "device_statuses",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("issuer", sa.String(64), nullable=False),
        sa.Column("serial", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.Column("begins", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("proved", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_statuses"),
        _authority("authority", "device_statuses"),
    )
    for name in ("authority", "due", "proved"):
        op.create_index(f"ix_device_statuses_{name}", "device_statuses", [name])
    op.create_table(
        "device_answers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_device_answers"),
        _authority("authority", "device_answers"),
    )
    op.create_index("ix_device_answers_authority", "device_answers", ["authority"])


def _authority(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["device_authorities.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")
