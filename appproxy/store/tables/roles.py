"""The tables of who administers the service, by what, and of what they were answered; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, SUBJECT, key_of, metadata, snapshot_table

#: Who has a role: a user or a group (`kind`) of a provider, or a service token, which has none. `value` is what their tokens
#: carry, and of a service token its id. `application`: for that one alone. `expires`: 0 for good. `entitlement`: by which it
#: was asked for, "" for one that was given; and `through`: the group whose members may ask, "" for a user who may.
#: `asked_until`: when what was asked for ends, whatever `expires` says: a release that knows of no entitlements may take the
#: row for one that was given, and have it last for good.
role_assignments = snapshot_table(
    "role_assignments",
    sa.Column("id", ID, primary_key=True),
    sa.Column("role", ID, nullable=False),
    sa.Column("provider", ID, key_of("providers", cascade=True), index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", SUBJECT, nullable=False),
    sa.Column("application", ID, key_of("applications", cascade=True), index=True),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("entitlement", ID, nullable=False, server_default="", index=True),
    sa.Column("through", SUBJECT, nullable=False, server_default=""),
    sa.Column("asked_until", sa.Double, nullable=False, server_default="0"),
)
#: Who may ask for which role: for `longest` seconds at most, and where `approval` is true, once somebody else has approved.
role_entitlements = snapshot_table(
    "role_entitlements",
    sa.Column("id", ID, primary_key=True),
    sa.Column("role", ID, nullable=False),
    sa.Column("provider", ID, key_of("providers", cascade=True), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", SUBJECT, nullable=False),
    sa.Column("application", ID, key_of("applications", cascade=True), index=True),
    sa.Column("longest", sa.Double, nullable=False),
    sa.Column("approval", sa.Boolean, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
)
#: What was asked for by them: `state` is "pending", "active", "denied" or "ended"; `decider` who has approved or denied, as
#: the audit names them; `ends`: when the role ends, or the request, while it waits.
role_requests = sa.Table(
    "role_requests", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("entitlement", ID, key_of("role_entitlements", cascade=True), nullable=False, index=True),
    sa.Column("provider", ID, nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decider", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("ends", sa.Double, nullable=False, index=True),
)
#: Machines that wait until somebody allows them at the administration (RFC 8628): `purpose` is what for. `name` is what the
#: machine calls itself; `session` that of who has allowed it, as JSON, "" for nobody yet. The id is a hash of the device code.
waiting_machines = sa.Table(
    "waiting_machines", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_code", ID, nullable=False, unique=True),
    sa.Column("purpose", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("connector_group", sa.Text, nullable=False),
    sa.Column("address", ID, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("denied", sa.Boolean, nullable=False),
    sa.Column("polled", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
#: Sessions of command lines elsewhere, by the session's id: `session` as JSON, and hashes of the refresh token. `origin`: the
#: session of the browser in which it was let in, by which its provider is asked; "" for none.
command_lines = sa.Table(
    "command_lines", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("secret_hash", ID, nullable=False),
    sa.Column("former_hash", ID, nullable=False),
    sa.Column("family_hash", ID, nullable=False),
    sa.Column("rotated", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("origin", ID, nullable=False, server_default=""),
)
#: What was answered to a change that its client may ask for again (Idempotency-Key). The id is a hash of caller and key,
#: `fingerprint` one of what was asked; the answer, which may have a secret, is sealed.
idempotent_answers = sa.Table(
    "idempotent_answers", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("fingerprint", ID, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
