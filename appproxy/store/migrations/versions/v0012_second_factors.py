"""Second factors of the built-in provider's users, who must have one, and links to set a password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "second_factors"
down_revision = "pushed"
branch_labels = None
depends_on = None

ID = sa.String(64)
NAME = sa.String(128)


def upgrade() -> None:
    """Make the tables."""
    _factors()
    _rules()
    _of_user(
        "password_links",
        sa.Column("kind", ID, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("ix_password_links_expires", "password_links", ["expires"])


def _factors() -> None:
    _of_user(
        "authenticator_apps",
        sa.Column("label", NAME, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("used", sa.Double, nullable=False),
    )
    _of_user(
        "passkeys",
        sa.Column("label", NAME, nullable=False),
        sa.Column("credential", sa.String(1364), nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("transports", NAME, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("used", sa.Double, nullable=False),
        sa.UniqueConstraint("credential", name="uq_passkeys_credential"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("code_hash", ID, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_codes"),
        _user("recovery_codes"),
    )
    _of_user(
        "refused_codes",
        sa.Column("origin", ID, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
    )
    op.create_index("ix_refused_codes_time", "refused_codes", ["time"])


def _rules() -> None:
    op.create_table(
        "second_factor_rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_group", ID, nullable=True),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("grace", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_second_factor_rules"),
        sa.UniqueConstraint("user_group", name="uq_second_factor_rules_user_group"),
        sa.ForeignKeyConstraint(
            ["user_group"], ["user_groups.id"], name="fk_second_factor_rules_user_group", ondelete="CASCADE"),
    )


def _of_user(table: str, *more: sa.Column[object] | sa.Constraint) -> None:
    """A table whose rows have an id, and go with their user."""
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        _user(table),
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE")
