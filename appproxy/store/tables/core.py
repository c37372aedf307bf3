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


#: What a table of the snapshot has as `info`.
IN_SNAPSHOT = {"snapshot": True}


def snapshot_table(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """A table that the snapshot is made of. A write to any other leaves the revision alone: signing in uses up a one-time id,
    and must not make every node drop what it remembers of opened cookies.
    """
    return sa.Table(name, metadata, *parts, info=IN_SNAPSHOT)


def key_of(table: str, *, cascade: bool = False) -> sa.ForeignKey:
    """A reference to the id of `table`; `cascade`: the row goes with what it refers to."""
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else "RESTRICT")


#: One row a table that the snapshot is made of, and `all`: the revision at which it changed last.
revisions = sa.Table(
    "revisions", metadata, sa.Column("part", NAME, primary_key=True), sa.Column("revision", sa.BigInteger, nullable=False))
#: What the service as a whole is: domain, public port, instance id.
settings = snapshot_table(
    "settings", sa.Column("key", ID, primary_key=True), sa.Column("value", sa.Text, nullable=False))
#: One row: a known text sealed under the master key, so that a wrong one is noticed before anything is opened.
master_check = sa.Table(
    "master_check", metadata, sa.Column("id", ID, primary_key=True), sa.Column("sealed", sa.LargeBinary, nullable=False))
connector_groups = snapshot_table(
    "connector_groups",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("needs_approval", sa.Boolean, nullable=False),
)
providers = snapshot_table(
    "providers",
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
    sa.Column("session_hours", sa.Double, nullable=False, server_default="12"),
    sa.Column("idle_minutes", sa.Double, nullable=False, server_default="240"),
    sa.Column("fetch_groups", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("kind", ID, nullable=False, server_default="oidc"),
    sa.Column("settings", sa.Text, nullable=False, server_default="{}"),
    sa.Column("secret_changed", sa.Double, nullable=False, server_default="0"),
)
#: Keys by which we prove to a provider that we are its client; `given`: by an admin, for TLS.
client_keys = snapshot_table(
    "client_keys", sa.Column("id", ID, primary_key=True), sa.Column("type", ID, nullable=False),
    sa.Column("provider", ID, key_of("providers", cascade=True), nullable=False, index=True),
    sa.Column("key", sa.LargeBinary, nullable=False), sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False), sa.Column("given", sa.Boolean, nullable=False))
#: Keys that providers encrypt ID tokens to.
encryption_keys = snapshot_table(
    "encryption_keys", sa.Column("id", ID, primary_key=True), sa.Column("type", ID, nullable=False),
    sa.Column("provider", ID, key_of("providers", cascade=True), nullable=False, index=True),
    sa.Column("key", sa.LargeBinary, nullable=False), sa.Column("created", sa.Double, nullable=False))
#: `settings` is a JSON object of texts, only of what the admin set; `external_host` and `external_path` are unique.
applications = snapshot_table(
    "applications",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("external", sa.Text, nullable=False),
    sa.Column("external_host", sa.String(255), nullable=False),
    sa.Column("external_path", sa.String(1024), nullable=False),
    sa.Column("internal", sa.Text, nullable=False),
    sa.Column("preauthentication", ID, nullable=False),
    sa.Column("connector_group", ID, key_of("connector_groups"), nullable=False, index=True),
    sa.Column("provider", ID, key_of("providers"), nullable=False, index=True),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.UniqueConstraint("external_host", "external_path"),
)
#: More identity providers of an application, in the order of `position`; its first is in its own row.
application_providers = snapshot_table(
    "application_providers", sa.Column("position", sa.Integer, nullable=False),
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True),
    sa.Column("provider", ID, key_of("providers"), primary_key=True, index=True))
#: More pairs of URLs of an application; `settings` is a JSON object of texts, as there.
segments = snapshot_table(
    "segments",
    sa.Column("id", ID, primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), nullable=False, index=True),
    sa.Column("external", sa.Text, nullable=False),
    sa.Column("internal", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: All external hosts and paths that are taken, each by one application: its own, its alternate hosts', its segments'.
#: `path` is as `paths.loose` reads it.
external_urls = sa.Table(
    "external_urls", metadata,
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), nullable=False, index=True),
)
#: The kinds of assignments.
USER, GROUP = "user", "group"
#: `kind` is USER or GROUP; `value` the subject or group as the provider's tokens name it.
assignments = snapshot_table(
    "assignments",
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True),
    sa.Column("provider", ID, key_of("providers", cascade=True), primary_key=True),
    sa.Column("kind", ID, primary_key=True),
    sa.Column("value", SUBJECT, primary_key=True),
    sa.Column("maintainer", sa.Boolean, nullable=False, server_default=sa.false()),
    # When it ends by itself; 0: never.
    sa.Column("expires", sa.Double, nullable=False, server_default="0"),
)
#: What pages of other origins may do. `host` is "" for all hosts of the application; lists have blanks between.
cors_rules = snapshot_table(
    "cors_rules",
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True),
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("path", sa.String(1024), primary_key=True),
    sa.Column("origins", sa.Text, nullable=False),
    sa.Column("methods", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("exposed", sa.Text, nullable=False),
    sa.Column("credentials", sa.Boolean, nullable=False),
    sa.Column("max_age", sa.Integer, nullable=False),
)
#: What conditional access is made of: `kind` is `policy`, `location` or `strength`, `document` a JSON object in which ids
#: stand for users, groups, applications and providers. `version` grows by one with each change.
policy_documents = snapshot_table(
    "policy_documents",
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("groups_since", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("changed", sa.Double, nullable=False),
    sa.UniqueConstraint("kind", "name_key"),
)
#: Whom no policy concerns.
break_glass = snapshot_table(
    "break_glass",
    sa.Column("provider", ID, key_of("providers", cascade=True), primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
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
    sa.Column("user_id", ID, key_of("users", cascade=True), primary_key=True),
    sa.Column("group_id", ID, key_of("user_groups", cascade=True), primary_key=True, index=True),
)
#: Links by which users set their own password, once: the id is the SHA-256 of what the link holds.
password_links = sa.Table(
    "password_links", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_id", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: Only the SHA-256 of a join token's secret is kept.
join_tokens = sa.Table(
    "join_tokens", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("connector_group", ID, key_of("connector_groups", cascade=True), nullable=False, index=True),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("uses_left", sa.Integer, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    #: Who has allowed the one machine that it is for, as the audit names them; "" where it was handed out.
    sa.Column("allowed_by", sa.Text, nullable=False, server_default=""),
)
connectors = snapshot_table(
    "connectors",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("connector_group", ID, key_of("connector_groups"), nullable=False, index=True),
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
    sa.Column("connector", ID, key_of("connectors", cascade=True), primary_key=True),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("address", NAME, nullable=False),
    # When the audit was told that it is inactive; 0 while it is not.
    sa.Column("inactive", sa.Double, nullable=False, server_default="0"),
)
#: `kind` is `connector` (whom connectors and the service trust) or `user` (for browsers, without a certificate given).
authorities = snapshot_table(
    "authorities",
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
    sa.Column("authority", ID, key_of("authorities", cascade=True), nullable=False, index=True),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
)
#: Keys of cookies and of sign-in state; the id is one byte in the sealed text.
sealing_keys = snapshot_table(
    "sealing_keys",
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
revoked_sessions = snapshot_table(
    "revoked_sessions",
    sa.Column("id", ID, primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: Sessions of `subject` with `provider` that were issued before `time` do not count; the row itself goes at `expires`.
not_before = snapshot_table(
    "not_before",
    sa.Column("provider", ID, primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: One row a sign-in at a provider, whichever applications it opens. `sid` is the provider's own name of its session;
#: `client` the browser's description of itself; `amr` is a JSON list, `claims` a sealed JSON object. `refresh_at` is 0 where
#: nothing is to be refreshed; the process that refreshes has the row until `lease_until`. `ended` is 0 while it lasts.
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("provider", ID, nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("name", NAME, nullable=False),
    sa.Column("sid", SUBJECT, nullable=False),
    sa.Column("began", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("ended", sa.Double, nullable=False),
    sa.Column("address", ID, nullable=False),
    sa.Column("client", sa.String(255), nullable=False),
    sa.Column("auth_time", sa.Double, nullable=False),
    sa.Column("amr", sa.Text, nullable=False),
    sa.Column("acr", SUBJECT, nullable=False),
    sa.Column("id_token", sa.LargeBinary, nullable=False),
    sa.Column("refresh_token", sa.LargeBinary, nullable=False),
    sa.Column("claims", sa.LargeBinary, nullable=False),
    sa.Column("refresh_at", sa.Double, nullable=False),
    sa.Column("refreshes", sa.Integer, nullable=False),
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Index("ix_sessions_provider_subject", "provider", "subject"),
    sa.Index("ix_sessions_provider_sid", "provider", "sid"),
)
#: What a session has opened: applications, and lists of applications.
session_applications = sa.Table(
    "session_applications", metadata,
    sa.Column("session", ID, key_of("sessions", cascade=True), primary_key=True),
    sa.Column("application", ID, primary_key=True),
)
#: `detail` is a JSON object; `link` binds an entry to the one before it, "" in what versions before chains have written.
audit = sa.Table(
    "audit", metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", NAME, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("link", ID, nullable=False, server_default=""),
)
#: Where the chains of the audit begin and end (`service.audit_chain`).
audit_chains = sa.Table(
    "audit_chains", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("start", ID, nullable=False),
    sa.Column("head", ID, nullable=False),
    sa.Column("begins", sa.BigInteger, nullable=False),
    sa.Column("seal", ID, nullable=False),
)

#: Posted forms whose senders sign in again; `owner` and `place` are hashes (`service.kept_form`).
kept_forms = sa.Table(
    "kept_forms", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("owner", ID, nullable=False, index=True),
    sa.Column("place", ID, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("form", sa.LargeBinary, nullable=False),
)
