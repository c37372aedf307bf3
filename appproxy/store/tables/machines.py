"""The tables of what programs sign in with, and of the built-in provider's clients: service tokens, native clients and their
grants, relying parties. The rest is in `schema`.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, key_of, metadata, snapshot_table

#: What programs sign in with. `networks` is a JSON list of prefixes, empty for all, `claims` a JSON object. `secret_hash` is
#: that of the secret which counts until `expires`; the one before counts until `former_until`, and "" is none.
service_tokens = snapshot_table(
    "service_tokens",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("former_hash", ID, nullable=False),
    sa.Column("former_until", sa.Double, nullable=False),
    sa.Column("networks", sa.Text, nullable=False),
    sa.Column("claims", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("rotated", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
service_token_applications = snapshot_table(
    "service_token_applications",
    sa.Column("token", ID, key_of("service_tokens", cascade=True), primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True, index=True),
)
#: When a token was last used, and from which address. No part of the snapshot: it changes all the time.
service_token_uses = sa.Table(
    "service_token_uses", metadata,
    sa.Column("token", ID, key_of("service_tokens", cascade=True), primary_key=True),
    sa.Column("used", sa.Double, nullable=False),
    sa.Column("address", ID, nullable=False),
)
#: Programs on people's machines that sign them in at the built-in provider. `redirect_uris` is a JSON list.
native_clients = snapshot_table(
    "native_clients",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("redirect_uris", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("device_codes", sa.Boolean, nullable=False),
)
native_client_applications = snapshot_table(
    "native_client_applications",
    sa.Column("client", ID, key_of("native_clients", cascade=True), primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True, index=True),
)
#: Relying parties: applications that are not published here, and sign people in at the built-in provider. The URIs are JSON
#: lists. The secret before the last rotation counts until `former_until`; "" is none.
clients = snapshot_table(
    "clients",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("former_hash", ID, nullable=False),
    sa.Column("former_until", sa.Double, nullable=False),
    sa.Column("redirect_uris", sa.Text, nullable=False),
    sa.Column("post_logout_redirect_uris", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("rotated", sa.Double, nullable=False),
    sa.Column("backchannel_logout_uri", sa.Text, nullable=False),
    sa.Column("backchannel_logout_session_required", sa.Boolean, nullable=False),
    sa.Column("frontchannel_logout_uri", sa.Text, nullable=False),
    #: PEM of the authorities that alone vouch for its TLS certificate; "" for the system's.
    sa.Column("ca_bundle", sa.Text, nullable=False),
)
#: Which relying parties were given tokens in which session of the built-in provider (`sid`); `ended` is 0.0 until that ends.
client_sessions = sa.Table(
    "client_sessions", metadata,
    sa.Column("client", ID, key_of("clients", cascade=True), primary_key=True),
    sa.Column("sid", ID, primary_key=True, index=True),
    sa.Column("user", ID, nullable=False, index=True),
    sa.Column("began", sa.Double, nullable=False, index=True),
    sa.Column("ended", sa.Double, nullable=False),
)
#: What relying parties have to be told: that a session has ended, or with "" as `sid` all of the user. Nobody tries it before
#: `due`.
sign_out_notices = sa.Table(
    "sign_out_notices", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("client", ID, key_of("clients", cascade=True), nullable=False, index=True),
    sa.Column("user", ID, nullable=False),
    sa.Column("sid", ID, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due", sa.Double, nullable=False, index=True),
)
#: Relying parties that ask again who a user is: the id is that of the code of a sign-in, `sid` that of the provider's session,
#: with which it ends. The rest is as in `native_grants`.
client_grants = sa.Table(
    "client_grants", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("client", ID, key_of("clients", cascade=True), nullable=False, index=True),
    sa.Column("user", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("sid", ID, nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("auth_time", sa.Double, nullable=False),
    sa.Column("methods", sa.Text, nullable=False),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("former_hash", ID, nullable=False),
    sa.Column("family_hash", ID, nullable=False),
    sa.Column("rotated", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: What a user has let a native client do: the id is that of a session. `methods` is a JSON list; `secret_hash` is that of the
#: refresh token which counts, `former_hash` of the one before, which was used up at `rotated`; `family_hash` is that of what
#: all its tokens have in common, "" where they have nothing yet.
native_grants = sa.Table(
    "native_grants", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("client", ID, key_of("native_clients", cascade=True), nullable=False, index=True),
    sa.Column("user", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("auth_time", sa.Double, nullable=False),
    sa.Column("methods", sa.Text, nullable=False),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("former_hash", ID, nullable=False),
    sa.Column("family_hash", ID, nullable=False),
    sa.Column("rotated", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("risk", ID, nullable=False, server_default=""),
)
#: Devices that wait for somebody to sign in elsewhere. The id is a hash of the device code; `session` is a JSON object once
#: somebody has allowed it, `denied` once somebody has not; `asked`: a JSON object, what the device asks of the sign-in;
#: `address`: from where it has begun, "" for one of an older release.
device_codes = sa.Table(
    "device_codes", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_code", ID, nullable=False, unique=True),
    sa.Column("client", ID, key_of("native_clients", cascade=True), nullable=False, index=True),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("denied", sa.Boolean, nullable=False),
    sa.Column("polled", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("asked", sa.Text, nullable=False, server_default=""),
    sa.Column("address", ID, nullable=False, server_default=""),
)
