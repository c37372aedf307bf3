"""A subject is one of a provider: two providers may call different people so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "subjects"
down_revision = "maintainers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give `not_before` the provider; what is there counts for the subjects of all, since nobody knows whose was meant."""
    connection = op.get_bind()
    rows = connection.execute(sa.text(
        "SELECT providers.id, subject, time, expires FROM not_before CROSS JOIN providers"
    )).all()
    op.drop_table("not_before")
    table = op.create_table(
        "not_before",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", name="pk_not_before"),
    )
    op.create_index("ix_not_before_expires", "not_before", ["expires"])
    if rows:
        op.bulk_insert(table, [
            {"provider": provider, "subject": subject, "time": time, "expires": expires}
            for provider, subject, time, expires in rows
        ])
