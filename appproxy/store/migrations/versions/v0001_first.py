"""The first schema, as it was then: a copy, because `schema.py` goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
ID = sa.String(64)
NAME = sa.String(128)
SUBJECT = sa.String(255)

metadata = sa.MetaData(naming_convention=_NAMES)


def _key(table: str, *, cascade: bool = False) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else "RESTRICT")


sa.Table(
    "revisions", metadata,
    sa.Column("part", NAME, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
sa.Table(
    "settings", metadata,
    sa.Column("key", ID, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
sa.Table(
    "master_check", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
sa.Table(
    "connector_groups", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("needs_approval", sa.Boolean, nullable=False),
)
sa.Table(
    "providers", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("client_secret", sa.LargeBinary, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("groups_claim", SUBJECT, nullable=False),
    sa.Column("algorithms", sa.Text, nullable=False),
)
sa.Table(
    "applications", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("external", sa.Text, nullable=False),
    sa.Column("external_host", sa.String(255), nullable=False),
    sa.Column("external_path", sa.String(1024), nullable=False),
    sa.Column("internal", sa.Text, nullable=False),
    sa.Column("preauthentication", ID, nullable=False),
    sa.Column("connector_group", ID, _key("connector_groups"), nullable=False, index=True),
    sa.Column("provider", ID, _key("providers"), nullable=False, index=True),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.UniqueConstraint("external_host", "external_path"),
)
sa.Table(
    "assignments", metadata,
    sa.Column("application", ID, _key("applications", cascade=True), primary_key=True),
    sa.Column("provider", ID, _key("providers", cascade=True), primary_key=True),
    sa.Column("kind", ID, primary_key=True),
    sa.Column("value", SUBJECT, primary_key=True),
)
sa.Table(
    "users", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("credentials_changed", sa.Double, nullable=False),
)
sa.Table(
    "user_groups", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
)
sa.Table(
    "memberships", metadata,
    sa.Column("user_id", ID, _key("users", cascade=True), primary_key=True),
    sa.Column("group_id", ID, _key("user_groups", cascade=True), primary_key=True, index=True),
)
sa.Table(
    "join_tokens", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("connector_group", ID, _key("connector_groups", cascade=True), nullable=False, index=True),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
sa.Table(
    "connectors", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("connector_group", ID, _key("connector_groups"), nullable=False, index=True),
    sa.Column("state", ID, nullable=False),
    sa.Column("certificate_serial", ID, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("enrolled", sa.Double, nullable=False),
)
sa.Table(
    "connector_sightings", metadata,
    sa.Column("connector", ID, _key("connectors", cascade=True), primary_key=True),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("address", NAME, nullable=False),
)
sa.Table(
    "authorities", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
)
sa.Table(
    "leaves", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("authority", ID, _key("authorities", cascade=True), nullable=False, index=True),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
)
sa.Table(
    "sealing_keys", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
sa.Table(
    "signing_keys", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
sa.Table(
    "one_time", metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
sa.Table(
    "revoked_sessions", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
sa.Table(
    "not_before", metadata,
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
sa.Table(
    "audit", metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", NAME, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)


def upgrade() -> None:
    """Make all tables."""
    metadata.create_all(op.get_bind())
