"""Identity providers that users sign in with: the built-in one, and any that speaks OpenID Connect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.pki.pem import load_chain
from appproxy.store import names
from appproxy.store.people import sessions
from appproxy.store.schema import applications, providers
from appproxy.store.snapshot import BUILTIN as BUILTIN
from appproxy.store.snapshot import ProviderRecord
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
    id_: str | None = None,
) -> ProviderRecord:
    """Add a provider. Raises ConfigError (a value is wrong) or AlreadyThere."""
    made = ProviderRecord(
        id_ or tx.new_id(), names.title(name, "provider"), check_issuer(issuer), client_id, client_secret,
        tuple(scopes), groups_claim, tuple(algorithms), ca_bundle, pushed_requests,
    )  # fmt: skip
    _check(made)
    table = providers
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _WHAT)
    tx.change(sa.insert(table).values(
        id=made.id, name=made.name, name_key=names.key(made.name), issuer=made.issuer, **_changeable(tx, made)))
    return made


def change(tx: Transaction, provider: str, **changes: object) -> ProviderRecord:
    """Change fields of `ProviderRecord`, except its id, name and issuer: whom a token means depends on its issuer.

    Raises NotFound, AlreadyThere (the built-in one changes by itself) or ConfigError (a value is wrong).
    """
    found = find(tx, provider)
    if found.id == BUILTIN:
        raise names.AlreadyThere("the built-in identity provider has nothing to set; add one of your own")
    made = replace(found, **changes)  # type: ignore[arg-type]
    _check(made)
    tx.change(sa.update(providers).where(providers.c.id == made.id).values(**_changeable(tx, made)))
    return made


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
    if "openid" not in made.scopes or not all(_SCOPE.fullmatch(scope) for scope in made.scopes):
        raise ConfigError("scopes: must be words, openid among them")
    if not _CLAIM.fullmatch(made.groups_claim):
        raise ConfigError(f"groups_claim: {made.groups_claim!r} is not the name of a claim, such as groups")
    if not made.algorithms or not set(made.algorithms) <= set(ALGORITHMS):
        raise ConfigError(f"algorithms: must be some of {', '.join(ALGORITHMS)}")
    if made.pushed_requests not in PUSHED_REQUESTS:
        raise ConfigError(f"pushed_requests: must be one of {', '.join(PUSHED_REQUESTS)}")
    if made.ca_bundle:
        load_chain(made.ca_bundle, "ca_bundle")


def remove(tx: Transaction, provider: str) -> ProviderRecord:
    """Remove a provider that no application uses."""
    found = find(tx, provider)
    if found.id == BUILTIN:
        raise names.AlreadyThere("the built-in identity provider stays; applications may use another one")
    row = tx.row(sa.select(applications.c.name).where(applications.c.provider == found.id))
    if row is not None:
        raise names.AlreadyThere(f"the application {row['name']!r} still uses {found.name!r}; set its provider first")
    sessions.forget_provider(tx, found.id)
    tx.change(sa.delete(providers).where(providers.c.id == found.id))
    return found


def find(reading: Reading, provider: str) -> ProviderRecord:
    """The provider of this name or id. Raises NotFound, with near names."""
    is_named = providers.c.name_key == names.key(provider)
    return provider_of(reading, names.find_row(reading, providers, is_named, provider, _WHAT))


def list_all(reading: Reading) -> list[ProviderRecord]:
    """All providers, by name."""
    return [provider_of(reading, row) for row in reading.rows(sa.select(providers).order_by(providers.c.name_key))]


def provider_of(reading: Reading, row: Row) -> ProviderRecord:
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
    )
