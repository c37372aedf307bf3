"""Certificates that are ordered by ACME: the account, the orders, and the challenges that all nodes answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "acme"
down_revision = "segments"
branch_labels = None
depends_on = None

ID = sa.String(64)
NAME = sa.String(128)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "acme_accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("directory", sa.Text, nullable=False),
        sa.Column("contacts", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("binding_id", sa.Text, nullable=False),
        sa.Column("binding_key", sa.LargeBinary, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acme_accounts"),
    )
    op.create_table(
        "certificate_orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("hosts", sa.Text, nullable=False),
        sa.Column("challenge", ID, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("owner", ID, nullable=False),
        sa.Column("owned_until", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_orders"),
        sa.UniqueConstraint("name_key", name="uq_certificate_orders_name_key"),
    )
    op.create_table(
        "acme_challenges",
        sa.Column("token", sa.String(255), nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_acme_challenges"),
    )
    op.create_index("ix_acme_challenges_expires", "acme_challenges", ["expires"])
