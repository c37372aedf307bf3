"""The tables of second factors, and of who must have one."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, key_of, metadata

#: Authenticator apps (RFC 6238). `last_step` is the step of the last code that was taken: none counts twice.
authenticator_apps = sa.Table(
    "authenticator_apps", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_id", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("label", NAME, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("used", sa.Double, nullable=False),
)
#: WebAuthn credentials. `credential` and `public_key` (COSE) are base64url; a credential's id has up to 1,023 bytes.
passkeys = sa.Table(
    "passkeys", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_id", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("label", NAME, nullable=False),
    sa.Column("credential", sa.String(1364), nullable=False, unique=True),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("transports", NAME, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("used", sa.Double, nullable=False),
)
#: Only the SHA-256 of a code is kept; one that is used goes.
recovery_codes = sa.Table(
    "recovery_codes", metadata,
    sa.Column("user_id", ID, key_of("users", cascade=True), primary_key=True),
    sa.Column("code_hash", ID, primary_key=True),
)
#: Wrong codes of the last day. `origin` is the known device that they came from, "" for everywhere else.
refused_codes = sa.Table(
    "refused_codes", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_id", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("origin", ID, nullable=False),
    sa.Column("time", sa.Double, nullable=False, index=True),
)
#: Who must have a second factor: the members of a group, or all (`user_group` is null, the id is `all`).
second_factor_rules = sa.Table(
    "second_factor_rules", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user_group", ID, key_of("user_groups", cascade=True), nullable=True, unique=True),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("grace", sa.Double, nullable=False),
)
