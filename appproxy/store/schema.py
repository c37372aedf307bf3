"""The tables, the same for SQLite and PostgreSQL. Times are seconds since 1970, ids are text, sealed values are bytes.

A change here needs a migration beside it (`migrations/versions`); a test compares the two.
"""

from __future__ import annotations

import sqlalchemy as sa

#: Constraint names that both databases and every migration agree on.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
#: Random ids are 16 hex digits; providers and groups may have a short name as id; a session's id is up to 64 long.
ID = sa.String(64)
NAME = sa.String(128)
#: A subject or a group of another provider: up to 255 ASCII signs (OpenID Connect Core 2).
SUBJECT = sa.String(255)

metadata = sa.MetaData(naming_convention=_NAMES)


def _key(table: str, *, cascade: bool = False) -> sa.ForeignKey:
    """A reference to the id of `table`; `cascade`: the row goes with what it refers to."""
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else "RESTRICT")


#: One row a table that the snapshot is made of, and `all`: the revision at which it changed last.
revisions = sa.Table(
    "revisions", metadata,
    sa.Column("part", NAME, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
)
#: What the service as a whole is: domain, public port, instance id.
settings = sa.Table(
    "settings", metadata,
    sa.Column("key", ID, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
#: One row: a known text sealed under the master key, so that a wrong one is noticed before anything is opened.
master_check = sa.Table(
    "master_check", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
connector_groups = sa.Table(
    "connector_groups", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("needs_approval", sa.Boolean, nullable=False),
)
providers = sa.Table(
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
    sa.Column("ca_bundle", sa.Text, nullable=False, server_default=""),
    sa.Column("pushed_requests", sa.String(16), nullable=False, server_default="auto"),
)
#: `settings` is a JSON object of texts, only of what the admin set; `external_host` and `external_path` are unique.
applications = sa.Table(
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
#: More pairs of URLs of an application; `settings` is a JSON object of texts, as there.
segments = sa.Table(
    "segments", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("application", ID, _key("applications", cascade=True), nullable=False, index=True),
    sa.Column("external", sa.Text, nullable=False),
    sa.Column("internal", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: All external hosts and paths that are taken, each by one application: its own, its alternate hosts', its segments'.
#: `path` is as `publish.paths.loose` reads it.
external_urls = sa.Table(
    "external_urls", metadata,
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("application", ID, _key("applications", cascade=True), nullable=False, index=True),
)
#: The kinds of assignments.
USER, GROUP = "user", "group"
#: `kind` is USER or GROUP; `value` the subject or group as the provider's tokens name it.
assignments = sa.Table(
    "assignments", metadata,
    sa.Column("application", ID, _key("applications", cascade=True), primary_key=True),
    sa.Column("provider", ID, _key("providers", cascade=True), primary_key=True),
    sa.Column("kind", ID, primary_key=True),
    sa.Column("value", SUBJECT, primary_key=True),
    sa.Column("maintainer", sa.Boolean, nullable=False, server_default=sa.false()),
)
#: What pages of other origins may do. `host` is "" for all hosts of the application; lists have blanks between.
cors_rules = sa.Table(
    "cors_rules", metadata,
    sa.Column("application", ID, _key("applications", cascade=True), primary_key=True),
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("origins", sa.Text, nullable=False),
    sa.Column("methods", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("exposed", sa.Text, nullable=False),
    sa.Column("credentials", sa.Boolean, nullable=False),
    sa.Column("max_age", sa.Integer, nullable=False),
)
users = sa.Table(
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
user_groups = sa.Table(
    "user_groups", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
)
memberships = sa.Table(
    "memberships", metadata,
    sa.Column("user_id", ID, _key("users", cascade=True), primary_key=True),
    sa.Column("group_id", ID, _key("user_groups", cascade=True), primary_key=True, index=True),
)
#: Only the SHA-256 of a join token's secret is kept.
join_tokens = sa.Table(
    "join_tokens", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("connector_group", ID, _key("connector_groups", cascade=True), nullable=False, index=True),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
connectors = sa.Table(
    "connectors", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("connector_group", ID, _key("connector_groups"), nullable=False, index=True),
    sa.Column("state", ID, nullable=False),
    sa.Column("certificate_serial", ID, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("enrolled", sa.Double, nullable=False),
    # When the newest certificate begins, 0 where that was not kept; and until when an older one may still renew.
    sa.Column("certificate_begins", sa.Double, nullable=False, server_default="0"),
    sa.Column("older_until", sa.Double, nullable=False, server_default="0"),
)
#: Apart from `connectors`, so that a sign of life changes no snapshot.
connector_sightings = sa.Table(
    "connector_sightings", metadata,
    sa.Column("connector", ID, _key("connectors", cascade=True), primary_key=True),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("address", NAME, nullable=False),
)
#: `kind` is `connector` (whom connectors and the service trust) or `user` (for browsers, without a certificate given).
authorities = sa.Table(
    "authorities", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
)
#: Server certificates that our own authorities issued: `kind` as in `authorities`.
leaves = sa.Table(
    "leaves", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("authority", ID, _key("authorities", cascade=True), nullable=False, index=True),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
)
#: Certificates of the users' listener beside its default one. `source` is `given` or `acme`; `names` are its DNS names
#: with blanks between.
certificates = sa.Table(
    "certificates", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("source", ID, nullable=False),
    sa.Column("names", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("not_before", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("changed", sa.Double, nullable=False),
)
#: One row at most: our account at an authority that speaks ACME. `contacts` are URLs with blanks between.
acme_accounts = sa.Table(
    "acme_accounts", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("directory", sa.Text, nullable=False),
    sa.Column("contacts", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("binding_id", sa.Text, nullable=False),
    sa.Column("binding_key", sa.LargeBinary, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
)
#: The id is that of the certificate, once it is issued. `owner` is the node that has it in hand until `owned_until`.
certificate_orders = sa.Table(
    "certificate_orders", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("hosts", sa.Text, nullable=False),
    sa.Column("challenge", ID, nullable=False),
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("owner", ID, nullable=False),
    sa.Column("owned_until", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: What the authority asks of all nodes while an order is in hand; `kind` is `http-01` or `tls-alpn-01`.
acme_challenges = sa.Table(
    "acme_challenges", metadata,
    sa.Column("token", sa.String(255), primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: Keys of cookies and of sign-in state; the id is one byte in the sealed text.
sealing_keys = sa.Table(
    "sealing_keys", metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: Keys that sign the built-in provider's tokens.
signing_keys = sa.Table(
    "signing_keys", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: Ids that were used and may not be used again before they expire.
one_time = sa.Table(
    "one_time", metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
revoked_sessions = sa.Table(
    "revoked_sessions", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: Sessions of `subject` with `provider` that were issued before `time` do not count; the row itself goes at `expires`.
not_before = sa.Table(
    "not_before", metadata,
    sa.Column("provider", ID, primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: `detail` is a JSON object.
audit = sa.Table(
    "audit", metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", NAME, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

#: The tables that the snapshot is made of. A write to any other leaves the revision alone: signing in uses up a
#: one-time id, and must not make every node drop what it remembers of opened cookies.
SNAPSHOT_TABLES = frozenset(
    table.name
    for table in (settings, connector_groups, providers, applications, segments, assignments, cors_rules, connectors,
                  authorities, sealing_keys, revoked_sessions, not_before, certificates, acme_challenges)
)  # fmt: skip
