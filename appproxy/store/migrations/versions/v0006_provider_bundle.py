"""A company's own authority vouches for its identity provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "provider_bundle"
down_revision = "cors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the providers that are there go on with the system's authorities."""
    op.add_column("providers", sa.Column("ca_bundle", sa.Text, nullable=False, server_default=""))
