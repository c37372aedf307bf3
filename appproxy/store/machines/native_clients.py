"""Native clients: programs on people's machines that sign them in at the built-in provider. None has a secret (RFC 8252)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.snapshot import NativeClient
from appproxy.store.tables.machines import device_codes as waiting
from appproxy.store.tables.machines import native_client_applications as pairs
from appproxy.store.tables.machines import native_clients as table
from appproxy.store.transaction import Reading, Row, Transaction

_KIND = "client"
_MOST_URIS = 10
#: A scheme of one's own is a domain name from behind (RFC 8252 section 7.1), so that it has a dot.
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_URI = re.compile(r"[!$-;=?-\[\]_a-z~]{1,500}")


def add(
    tx: Transaction, name: str, applications: Collection[str], redirect_uris: Collection[str], *, device_codes: bool = False
) -> NativeClient:
    """Register one for applications (ids), with redirect URIs or device codes or both. Raises ConfigError."""
    name = names.title(name, "name")
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _KIND)
    id_, uris = tx.new_id(), _uris(redirect_uris)
    _check_ways(bool(redirect_uris), device_codes)
    tx.change(sa.insert(table).values(
        id=id_, name=name, name_key=names.key(name), redirect_uris=uris, created=tx.now, device_codes=device_codes))
    _name_applications(tx, id_, applications)
    return find(tx, id_)


def change(
    tx: Transaction, client: str, applications: Collection[str] | None = None, redirect_uris: Collection[str] | None = None,
    *, device_codes: bool | None = None,
) -> NativeClient:
    """Change one, by name or id; None: as it is. Without device codes, who waits with one gets nothing.

    Raises ConfigError or NotFound.
    """
    found = find(tx, client)
    uris = found.redirect_uris if redirect_uris is None else redirect_uris
    codes = found.device_codes if device_codes is None else device_codes
    values = {"redirect_uris": _uris(uris), "device_codes": codes}
    _check_ways(bool(uris), codes)
    tx.change(sa.update(table).where(table.c.id == found.id).values(**values))
    if applications is not None and frozenset(applications) != found.applications:
        tx.change(sa.delete(pairs).where(pairs.c.client == found.id))
        _name_applications(tx, found.id, applications)
    if not codes:
        tx.change(sa.delete(waiting).where(waiting.c.client == found.id))
    return find(tx, found.id)


def remove(tx: Transaction, client: str) -> NativeClient:
    """Forget one, by name or id, and all that users have let it do. Raises NotFound."""
    found = find(tx, client)
    tx.change(sa.delete(table).where(table.c.id == found.id))
    return found


def find(reading: Reading, client: str) -> NativeClient:
    """The client of this name or id. Raises NotFound."""
    row = names.find_row(reading, table, table.c.name_key == names.key(client), client, _KIND)
    return _client(row, reading.connection.scalars(sa.select(pairs.c.application).where(pairs.c.client == row["id"])).all())


def list_all(reading: Reading, page: ListPage | None = None) -> list[NativeClient]:
    """All of them, or a page, by name."""
    rows = reading.rows(paged(sa.select(table), table.c.name_key, page, names.key))
    found: dict[str, list[str]] = {}
    for which in among(pairs.c.client, None if page is None else [row["id"] for row in rows]):
        for row in reading.rows(sa.select(pairs).where(which)):
            found.setdefault(row["client"], []).append(row["application"])
    return [_client(row, found.get(row["id"], ())) for row in rows]


def _client(row: Row, applications: Collection[str]) -> NativeClient:
    uris = tuple(json.loads(row["redirect_uris"]))
    return NativeClient(row["id"], row["name"], uris, frozenset(applications), row["created"], bool(row["device_codes"]))


def _check_ways(redirects: bool, device_codes: bool) -> None:
    if not redirects and not device_codes:
        raise ConfigError(
            "redirect_uris: without one and without device codes nobody can sign in",
            hint="name a redirect URI, such as http://127.0.0.1/callback, or allow device codes")


def _name_applications(tx: Transaction, id_: str, applications: Collection[str]) -> None:
    if not applications:
        raise ConfigError("applications: name one at least", hint="its tokens are for the applications that it names")
    for application in sorted(set(applications)):
        tx.change(sa.insert(pairs).values(client=id_, application=application))


def _uris(redirect_uris: Collection[str]) -> str:
    if len(redirect_uris) > _MOST_URIS:
        raise ConfigError(f"redirect_uris: at most {_MOST_URIS}")
    for uri in redirect_uris:
        _check(uri)
    return json.dumps(list(redirect_uris))


def _check(uri: str) -> None:
    """https, http of this very machine, or a scheme of one's own (RFC 8252 section 7). Raises ConfigError."""
    hint = "write https://..., http://127.0.0.1/callback (any port counts then), or com.example.app:/callback"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"redirect_uris: {uri[:100]!r} is no URI", hint=hint) from error
    local = parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")
    good = local or (parts.scheme == "https" and bool(host)) or _OWN_SCHEME.fullmatch(parts.scheme)
    if not good or not _URI.fullmatch(uri) or parts.username is not None or "#" in uri:
        raise ConfigError(f"redirect_uris: {uri[:100]!r} leads to no client", hint=hint)
