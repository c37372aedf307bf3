"""Service tokens: what programs sign in with. Only hashes of their secrets are kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.identity.claims import is_field_safe
from appproxy.identity.service_token import SECRET_BYTES, secret_hash, token_text
from appproxy.publish.administration import ADMINISTRATION
from appproxy.store import names
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.snapshot import TOKEN, ServiceToken
from appproxy.store.tables.machines import service_token_applications as pairs
from appproxy.store.tables.machines import service_token_uses as uses
from appproxy.store.tables.machines import service_tokens as table
from appproxy.store.tables.roles import role_assignments
from appproxy.store.transaction import Reading, Row, Transaction

#: The longest life in seconds, two years: who renews more seldom has forgotten how.
LONGEST_LIFE = 730 * 86400.0
#: The longest time in seconds for which the secret before the last rotation may count: a month to reach every machine.
LONGEST_OVERLAP = 30 * 86400.0
#: Expired tokens are listed for so many seconds, so that somebody sees why a program stopped.
_KEPT = 90 * 86400.0
_MOST_NETWORKS, _MOST_CLAIMS, _LONGEST_CLAIM = 100, 20, 1000
_KIND = "service token"


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What is known of a service token. Times are seconds since 1970; `used` is 0 for never, `address` where from.

    `applications` are ids. `former_until`: how long the secret before the last rotation counts, 0 when it does not.
    """

    id: str
    name: str
    applications: frozenset[str]
    networks: tuple[str, ...]
    claims: Mapping[str, str]
    created: float
    rotated: float
    expires: float
    former_until: float
    used: float = 0.0
    address: str = ""


@dataclass(frozen=True, slots=True)
class NewToken:
    """What an admin wants of a token. `expires` in seconds since 1970."""

    name: str
    applications: Collection[str]
    expires: float
    networks: Iterable[str] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    #: It is to have a role, and so may open no application.
    administers: bool = False


def add(tx: Transaction, wanted: NewToken) -> tuple[TokenRecord, str]:
    """Make a token; gives it, and its text, which is shown this once. Raises ConfigError or AlreadyThere."""
    name = names.title(wanted.name, "name")
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _KIND)
    if not wanted.applications and not wanted.administers:
        raise ConfigError("applications: name one at least", hint="a token opens only the applications that it names")
    if not 0 < wanted.expires - tx.now <= LONGEST_LIFE:
        raise ConfigError(f"expires: must be in the next {LONGEST_LIFE / 86400:g} days, such as 30d")
    networks, claims = _networks(wanted.networks), _claims(wanted.claims)
    id_ = tx.new_id()
    text = token_text(id_, tx.random_bytes(SECRET_BYTES))
    tx.change(sa.insert(table).values(
        id=id_, name=name, name_key=names.key(name), secret_hash=secret_hash(text), former_hash="", former_until=0.0,
        networks=json.dumps(networks), claims=json.dumps(claims), created=tx.now, rotated=tx.now, expires=wanted.expires))
    for application in sorted(set(wanted.applications)):
        tx.change(sa.insert(pairs).values(token=id_, application=application))
    return find(tx, id_), text


def rotate(tx: Transaction, token: str, overlap: float, expires: float | None = None) -> tuple[TokenRecord, str]:
    """Give a token (by name or id) another secret; the one before counts for `overlap` seconds more.

    `expires`: its new end. An older secret, from a rotation before, counts no longer. Raises ConfigError or NotFound.
    """
    row = _row(tx, token)
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise ConfigError(f"overlap: must be at most {LONGEST_OVERLAP / 86400:g} days, such as 1h or 7d")
    ends = row["expires"] if expires is None else expires
    if not 0 < ends - tx.now <= LONGEST_LIFE:
        raise ConfigError(f"expires: must be in the next {LONGEST_LIFE / 86400:g} days, such as 30d")
    text = token_text(row["id"], tx.random_bytes(SECRET_BYTES))
    former = (row["secret_hash"], min(tx.now + overlap, row["expires"])) if overlap else ("", 0.0)
    tx.change(sa.update(table).where(table.c.id == row["id"]).values(
        secret_hash=secret_hash(text), former_hash=former[0], former_until=former[1], rotated=tx.now, expires=ends))
    return find(tx, row["id"]), text


def revoke(tx: Transaction, token: str) -> TokenRecord:
    """Forget a token, by name or id: nobody gets in with it any more. Raises NotFound."""
    found = find(tx, token)
    tx.change(sa.delete(role_assignments).where(role_assignments.c.kind == TOKEN, role_assignments.c.value == found.id))
    tx.change(sa.delete(table).where(table.c.id == found.id))
    return found


def used(tx: Transaction, moments: Mapping[str, tuple[float, str]]) -> None:
    """When tokens were last used, by id, and from which address; those that are gone are nobody's concern."""
    there = set(tx.connection.scalars(sa.select(table.c.id).where(table.c.id.in_(moments))))
    for id_ in sorted(there):
        moment, address = moments[id_]
        values = {"used": moment, "address": address[:64]}
        if tx.row(sa.select(uses).where(uses.c.token == id_)) is None:
            tx.change(sa.insert(uses).values(token=id_, **values))
        else:
            tx.change(sa.update(uses).where((uses.c.token == id_) & (uses.c.used < moment)).values(values))


def find(reading: Reading, token: str) -> TokenRecord:
    """The token of this name or id. Raises NotFound."""
    row = _row(reading, token)
    return _record(row, reading.connection.scalars(sa.select(pairs.c.application).where(pairs.c.token == row["id"])),
                   reading.row(sa.select(uses).where(uses.c.token == row["id"])))


def list_all(reading: Reading, page: ListPage | None = None) -> list[TokenRecord]:
    """All tokens, or a page of them, by name; those that have expired lately too."""
    rows = reading.rows(paged(sa.select(table), table.c.name_key, page, names.key))
    ids = None if page is None else [row["id"] for row in rows]
    applications = _applications(reading, ids)
    seen = {
        row["token"]: row for which in among(uses.c.token, ids) for row in reading.rows(sa.select(uses).where(which))}
    return [_record(row, applications.get(row["id"], ()), seen.get(row["id"])) for row in rows]


def snapshot_tokens(reading: Reading) -> dict[str, ServiceToken]:
    """All tokens by id, as the snapshot has them: those with a role open the administration, too."""
    applications = _applications(reading)
    for id_ in reading.connection.scalars(sa.select(role_assignments.c.value).where(role_assignments.c.kind == TOKEN)):
        applications.setdefault(id_, []).append(ADMINISTRATION)
    found = {}
    for row in reading.rows(sa.select(table)):
        secrets = {row["secret_hash"]: row["expires"]}
        if row["former_hash"]:
            secrets[row["former_hash"]] = row["former_until"]
        found[row["id"]] = ServiceToken(
            row["id"], row["name"], frozenset(applications.get(row["id"], ())), secrets,
            tuple(map(ip_network, json.loads(row["networks"]))), json.loads(row["claims"]), row["created"])
    return found


def purge(tx: Transaction) -> None:
    """Forget tokens that have expired long ago."""
    tx.change(sa.delete(table).where(table.c.expires < tx.now - _KEPT))


def _row(reading: Reading, token: str) -> Row:
    return names.find_row(reading, table, table.c.name_key == names.key(token), token, _KIND)


def _record(row: Row, applications: Iterable[str], use: Row | None) -> TokenRecord:
    return TokenRecord(
        row["id"], row["name"], frozenset(applications), tuple(json.loads(row["networks"])), json.loads(row["claims"]),
        row["created"], row["rotated"], row["expires"], row["former_until"],
        0.0 if use is None else use["used"], "" if use is None else use["address"],
    )


def _applications(reading: Reading, ids: Iterable[str] | None = None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for which in among(pairs.c.token, ids):
        for row in reading.rows(sa.select(pairs).where(which)):
            found.setdefault(row["token"], []).append(row["application"])
    return found


def _networks(texts: Iterable[str]) -> list[str]:
    found = []
    for text in texts:
        try:
            found.append(str(ip_network(text)))
        except ValueError as error:
            raise ConfigError(f"networks: {text[:100]!r} is no network", hint="write 192.0.2.0/24 or 2001:db8::/32") from error
    if len(found) > _MOST_NETWORKS:
        raise ConfigError(f"networks: at most {_MOST_NETWORKS}")
    return sorted(set(found))


def _claims(claims: Mapping[str, str]) -> dict[str, str]:
    for name, value in claims.items():
        if not name or len(name) > 64 or len(value) > _LONGEST_CLAIM or not is_field_safe(name + value):
            raise ConfigError(f"claims: {name[:100]!r} must have 1 to 64 signs, its value at most {_LONGEST_CLAIM}, and "
                              "neither a control character")
        if name in ("sub", "subject", "iss", "issuer", "name"):
            raise ConfigError(f"claims: {name} is the token's own", hint="its id, issuer and name cannot be chosen")
    if len(claims) > _MOST_CLAIMS:
        raise ConfigError(f"claims: at most {_MOST_CLAIMS}")
    return dict(claims)
