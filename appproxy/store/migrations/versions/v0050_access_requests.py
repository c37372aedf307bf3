"""Users ask for applications, and an assignment may end by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "access_requests"
down_revision = "access_panel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Assignments that are there go on for good, and nobody has asked for anything."""
    op.add_column("assignments", sa.Column("expires", sa.Double, nullable=False, server_default="0"))
    op.create_table(
        "access_requests",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("application", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decider", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("decided", sa.Double, nullable=False),
        sa.Column("ends", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_requests"),
        *(sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_access_requests_{column}", ondelete="CASCADE")
          for column, table in (("application", "applications"), ("provider", "providers"))),
    )
    op.create_index("ix_access_requests_application", "access_requests", ["application"])
    op.create_index("ix_access_requests_ends", "access_requests", ["ends"])
    op.create_index("ix_access_requests_provider_subject", "access_requests", ["provider", "subject"])
