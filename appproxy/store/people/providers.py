"""Identity providers that users sign in with: the built-in one, and any that speaks OpenID Connect."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.identity.openid.client_keys import ClientKey
from appproxy.identity.openid.encrypted_token import EncryptionKey
from appproxy.identity.openid.oidc_settings import read_settings, texts_of
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.pem import load_chain
from appproxy.plugins import Plugins
from appproxy.publish.settings.table import LEAST_IDLE_MINUTES, LONGEST_SESSION_HOURS
from appproxy.store import names
from appproxy.store.people import client_keys, encryption_keys
from appproxy.store.people.session import sessions
from appproxy.store.snapshot import BUILTIN as BUILTIN
from appproxy.store.snapshot import OIDC, ProviderRecord
from appproxy.store.tables.core import application_providers, applications, providers
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
CLIENT_SECRET = "client secret"
_WHAT = "identity provider"
#: Signatures with a public key only: with a shared secret, who can check a token can also forge it.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
DEFAULT_SCOPES = ("openid", "profile", "email")
DEFAULT_ALGORITHMS = ("RS256", "ES256")
#: When authorization requests are pushed (RFC 9126): where the provider requires it, or always.
PUSHED_REQUESTS = ("auto", "always")
#: RFC 6749 section 3.3.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")
#: Kinds of other distributions.
PROVIDER_KINDS = Plugins("appproxy.identity_providers")
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


def add(
    tx: Transaction,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    *,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    groups_claim: str = "groups",
    algorithms: Sequence[str] = DEFAULT_ALGORITHMS,
    ca_bundle: str = "",
    pushed_requests: str = "auto",
    session_hours: float = 12.0,
    idle_minutes: float = 240.0,
    fetch_groups: bool = False,
    kind: str = OIDC,
    settings: Mapping[str, str] | None = None,
    tls: Credential | None = None,
    id_: str | None = None,
) -> ProviderRecord:
    """Add a provider; `settings` are texts by the keys of `identity.oidc_settings`. Raises ConfigError or AlreadyThere."""
    made = ProviderRecord(
        id_ or tx.new_id(), names.title(name, "provider"), check_issuer(issuer), client_id, client_secret,
        tuple(scopes), groups_claim, tuple(algorithms), ca_bundle, pushed_requests,
        session_hours, idle_minutes, fetch_groups, kind, read_settings(settings or {}), tx.now,
    )  # fmt: skip
    _check(made)
    table = providers
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _WHAT)
    tx.change(sa.insert(table).values(
        id=made.id, name=made.name, name_key=names.key(made.name), issuer=made.issuer, kind=made.kind,
        **_changeable(tx, made)))
    return _with_keys(tx, made, tls)


def change(
    tx: Transaction, provider: str, settings: Mapping[str, str] | None = None, tls: Credential | None = None, /,
    **changes: object,
) -> ProviderRecord:
    """Change fields of `ProviderRecord`, except its id, name, kind and issuer: whom a token means depends on its issuer.

    Of `settings` (texts) those that are named change; an empty text puts one back to its default. Raises NotFound,
    AlreadyThere (the built-in one changes by itself) or ConfigError (a value is wrong). `tls`: the certificate to show.
    """
    found = find(tx, provider)
    if found.id == BUILTIN and (settings or tls or not changes.keys() <= {"session_hours", "idle_minutes"}):
        raise names.AlreadyThere(
            "of the built-in identity provider only session_hours and idle_minutes can be set", hint="add one of your own")
    if "client_secret" in changes:
        changes["secret_changed"] = tx.now
    said = read_settings({**texts_of(found.settings), **(settings or {})})
    made = replace(found, settings=said, **changes)  # type: ignore[arg-type]
    _check(made)
    tx.change(sa.update(providers).where(providers.c.id == made.id).values(**_changeable(tx, made)))
    return _with_keys(tx, made, tls)


def _with_keys(tx: Transaction, made: ProviderRecord, tls: Credential | None) -> ProviderRecord:
    """What was written, with the keys that its settings need; `tls`: new ones that the admin has given."""
    if tls is not None:
        client_keys.give(tx, made.id, tls.certificate, tls.key)
    client_keys.keep_up(tx, made.id, made.client_id, made.settings)
    encryption_keys.keep_up(tx, made.id, made.settings)
    keyed = replace(made, keys=client_keys.by_provider(tx, made.id).get(made.id, ()),
                    encryption_keys=encryption_keys.by_provider(tx, made.id).get(made.id, ()))
    if made.settings.client_authentication == "tls_client_auth" and not any(key.given for key in keyed.keys):
        raise ConfigError("tls_certificate: is needed for client_authentication=tls_client_auth, with tls_key")
    return keyed


def new_key(tx: Transaction, provider: str) -> ProviderRecord:
    """Make the next key of our client there, of each kind that it has; the one before signs until the new one was published
    for a day, and what is encrypted to it is read for a week more.

    Raises NotFound, or ConfigError where no key is needed.
    """
    found = find(tx, provider)
    settings = found.settings
    if not settings.needs_key and not settings.id_token_encryption:
        raise ConfigError(f"{found.name}: the client has no keys there",
                          hint="set client_authentication, request_object or id_token_encryption first")
    if settings.needs_key:
        client_keys.add(tx, found.id, found.client_id, settings.key_type)
    if settings.id_token_encryption:
        encryption_keys.add(tx, found.id, settings.encryption_key_type)
    return find(tx, found.id)


def _changeable(tx: Transaction, made: ProviderRecord) -> dict[str, object]:
    """The columns that `change` may write."""
    return {
        "client_id": made.client_id,
        "client_secret": tx.sealer.seal(CLIENT_SECRET, made.id, made.client_secret.encode()),
        "scopes": " ".join(made.scopes),
        "groups_claim": made.groups_claim,
        "algorithms": " ".join(made.algorithms),
        "ca_bundle": made.ca_bundle,
        "pushed_requests": made.pushed_requests,
        "session_hours": made.session_hours,
        "idle_minutes": made.idle_minutes,
        "fetch_groups": made.fetch_groups,
        "settings": json.dumps(texts_of(made.settings), sort_keys=True),
        "secret_changed": made.secret_changed,
    }


def check_issuer(text: str) -> str:
    """An issuer as its tokens write it: compared letter by letter, so nothing is made of it. Raises ConfigError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"issuer: {text!r} is not a URL") from error
    if any(not 0x20 < ord(sign) < 0x7F for sign in text) or not host or parts.username is not None:
        raise ConfigError(f"issuer: {text!r} is not a URL")
    if parts.scheme != "https":
        raise ConfigError(f"issuer: {text!r} must start with https://")
    if "?" in text or "#" in text:
        raise ConfigError(f"issuer: {text!r} must have no query and no fragment")
    return text


def _check(made: ProviderRecord) -> None:
    if not made.client_id or not made.client_id.isprintable():
        raise ConfigError("client_id: a non-empty text is needed, as the identity provider shows it")
    _check_kind(made)
    if (made.kind == OIDC and "openid" not in made.scopes) or not all(_SCOPE.fullmatch(scope) for scope in made.scopes):
        raise ConfigError("scopes: must be words, for OpenID Connect openid among them")
    if not _CLAIM.fullmatch(made.groups_claim):
        raise ConfigError(f"groups_claim: {made.groups_claim!r} is not the name of a claim, such as groups")
    if not made.algorithms or not set(made.algorithms) <= set(ALGORITHMS):
        raise ConfigError(f"algorithms: must be some of {', '.join(ALGORITHMS)}")
    if made.pushed_requests not in PUSHED_REQUESTS:
        raise ConfigError(f"pushed_requests: must be one of {', '.join(PUSHED_REQUESTS)}")
    if not 0.1 <= made.session_hours <= LONGEST_SESSION_HOURS:
        raise ConfigError(f"session_hours: must be a number of hours from 0.1 to {LONGEST_SESSION_HOURS:g}")
    if made.idle_minutes and not LEAST_IDLE_MINUTES <= made.idle_minutes <= LONGEST_SESSION_HOURS * 60:
        raise ConfigError(f"idle_minutes: must be 0, or a number of minutes from {LEAST_IDLE_MINUTES:g} to "
                          f"{LONGEST_SESSION_HOURS * 60:g}")
    if made.ca_bundle:
        load_chain(made.ca_bundle, "ca_bundle")


def _check_kind(made: ProviderRecord) -> None:
    """Raises ConfigError for one that no distribution here brings."""
    there = [OIDC, *PROVIDER_KINDS.names()]
    if made.kind not in there and not made.kind == made.id == BUILTIN:
        raise ConfigError(f"kind: {made.kind!r} is none of {', '.join(there)}; install the distribution that brings it as an "
                          f"entry point of {PROVIDER_KINDS.group}")


def remove(tx: Transaction, provider: str) -> ProviderRecord:
    """Remove a provider that no application uses."""
    found = find(tx, provider)
    if found.id == BUILTIN:
        raise names.AlreadyThere("the built-in identity provider stays", hint="applications may use another one")
    further = sa.select(application_providers.c.application).where(application_providers.c.provider == found.id)
    uses = (applications.c.provider == found.id) | applications.c.id.in_(further)
    row = tx.row(sa.select(applications.c.name).where(uses))
    if row is not None:
        raise names.AlreadyThere(f"the application {row['name']!r} still uses {found.name!r}", hint="set its provider first")
    sessions.forget_provider(tx, found.id)
    tx.change(sa.delete(providers).where(providers.c.id == found.id))
    return found


def find(reading: Reading, provider: str) -> ProviderRecord:
    """The provider of this name or id. Raises NotFound, with near names."""
    is_named = providers.c.name_key == names.key(provider)
    row = names.find_row(reading, providers, is_named, provider, _WHAT)
    id_ = row["id"]
    return provider_of(reading, row, client_keys.by_provider(reading, id_).get(id_, ()),
                       encryption_keys.by_provider(reading, id_).get(id_, ()))


def list_all(reading: Reading) -> list[ProviderRecord]:
    """All providers, by name."""
    keys, opening = client_keys.by_provider(reading), encryption_keys.by_provider(reading)
    rows = reading.rows(sa.select(providers).order_by(providers.c.name_key))
    return [provider_of(reading, row, keys.get(row["id"], ()), opening.get(row["id"], ())) for row in rows]


def provider_of(
    reading: Reading, row: Row, keys: tuple[ClientKey, ...], opening: tuple[EncryptionKey, ...] = ()
) -> ProviderRecord:
    """The provider of one row, its secret opened."""
    return ProviderRecord(
        id=row["id"],
        name=row["name"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        client_secret=reading.sealer.open(CLIENT_SECRET, row["id"], row["client_secret"]).decode(),
        scopes=tuple(row["scopes"].split()),
        groups_claim=row["groups_claim"],
        algorithms=tuple(row["algorithms"].split()),
        ca_bundle=row["ca_bundle"],
        pushed_requests=row["pushed_requests"],
        session_hours=row["session_hours"],
        idle_minutes=row["idle_minutes"],
        fetch_groups=row["fetch_groups"],
        kind=row["kind"],
        settings=read_settings(json.loads(row["settings"])),
        secret_changed=row["secret_changed"],
        keys=keys,
        encryption_keys=opening,
    )
