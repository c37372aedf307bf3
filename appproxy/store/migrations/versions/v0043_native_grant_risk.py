"""How likely somebody else has let a program in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "native_grant_risk"
down_revision = "policy_results"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those that are there, and of those that a node of an older release makes, nothing is known."""
    op.add_column("native_grants", sa.Column("risk", sa.String(64), nullable=False, server_default=""))
