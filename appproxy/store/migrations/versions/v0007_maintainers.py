"""Some of those that an application is assigned to may use it while it is being maintained."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "maintainers"
down_revision = "provider_bundle"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody who was assigned before is a maintainer."""
    op.add_column("assignments", sa.Column("maintainer", sa.Boolean, nullable=False, server_default=sa.false()))
