"""Users and groups of the built-in provider can be those of a directory (LDAP)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "directories"
down_revision = "policies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "directories",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("bind_password", sa.LargeBinary, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directories"),
        sa.UniqueConstraint("name_key", name="uq_directories_name_key"),
    )
    op.create_table(
        "directory_users",
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("directory", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("password_mark", sa.String(128), nullable=False),
        sa.Column("checked", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_directory_users"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_directory_users_user_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["directory"], ["directories.id"], name="fk_directory_users_directory", ondelete="RESTRICT"),
        sa.UniqueConstraint("directory", "subject", name="uq_directory_users_directory_subject"),
    )
    op.create_table(
        "directory_groups",
        sa.Column("group_id", sa.String(64), nullable=False),
        sa.Column("directory", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name="pk_directory_groups"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["user_groups.id"], name="fk_directory_groups_group_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["directory"], ["directories.id"], name="fk_directory_groups_directory", ondelete="RESTRICT"),
        sa.UniqueConstraint("directory", "subject", name="uq_directory_groups_directory_subject"),
    )
