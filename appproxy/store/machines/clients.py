"""Relying parties: applications that are not published here, and sign people in at the built-in provider.

Each is a confidential client (RFC 6749 section 2.1). Only hashes of the secrets are kept.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.pki.pem import load_chain
from appproxy.store import names
from appproxy.store.paging import ListPage, paged
from appproxy.store.people.session.sessions import FOREVER
from appproxy.store.snapshot import RelyingParty
from appproxy.store.tables.machines import clients as table
from appproxy.store.transaction import Reading, Row, Transaction

#: The longest time in seconds for which the secret before the last rotation may count.
LONGEST_OVERLAP = 30 * 86400.0
_KIND = "client"
#: All nodes have all of them in memory.
_MOST, _MOST_URIS = 500, 20
_PREFIX = "apcs_"
_URI = re.compile(r"[!$-;=?-\[\]_a-z~]{1,500}")
#: Hosts stand in header fields of ours, where nothing else may come with them.
_HOST = re.compile(r"[0-9a-z._-]{1,253}|[0-9a-f:.]{2,45}")
#: 43 signs of base64 have 256 bits. All of it can stand in a form and in HTTP Basic.
_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]{43,255}")
#: What a new one has that nobody says anything of.
_NOTHING: Mapping[str, object] = {
    "redirect_uris": "[]", "post_logout_redirect_uris": "[]", "backchannel_logout_uri": "",
    "backchannel_logout_session_required": False, "ca_bundle": "", "frontchannel_logout_uri": "",
}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """What is known of one. Times are seconds since 1970; `former_until`: how long the secret before counts, 0.0 for none."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    former_until: float
    created: float
    rotated: float
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    ca_bundle: str = field(default="", repr=False)
    frontchannel_logout_uri: str = ""


@dataclass(frozen=True, slots=True)
class ClientChanges:
    """What an admin wants of one; None: as it is."""

    redirect_uris: Collection[str] | None = None
    post_logout_redirect_uris: Collection[str] | None = None
    #: "" for none.
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool | None = None
    #: PEM of the authorities that alone vouch for its TLS certificate; "" for the system's.
    ca_bundle: str | None = None
    #: "" for none; it must be at the place of a redirect URI.
    frontchannel_logout_uri: str | None = None


def add(tx: Transaction, name: str, wanted: ClientChanges, secret: str | None = None) -> tuple[ClientRecord, str]:
    """Register one; gives it, and its secret, which is shown this once: the given one, or a new one.

    Raises ConfigError or AlreadyThere.
    """
    name = names.title(name, "name")
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _KIND)
    if (tx.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) >= _MOST:
        raise ConfigError(f"client: there are {_MOST} already", hint="remove those that nobody uses")
    values = {**_NOTHING, **_values(wanted)}
    id_, (text, hashed) = tx.new_id(), _new_secret(tx) if secret is None else _given_secret(secret)
    tx.change(sa.insert(table).values(
        id=id_, name=name, name_key=names.key(name), secret_hash=hashed, former_hash="", former_until=0.0, created=tx.now,
        rotated=tx.now, **values))
    return _complete(find(tx, id_)), text


def change(tx: Transaction, client: str, wanted: ClientChanges) -> ClientRecord:
    """Change one, by name or id. Raises ConfigError or NotFound."""
    found, values = find(tx, client), _values(wanted)
    if values:
        tx.change(sa.update(table).where(table.c.id == found.id).values(**values))
    return _complete(find(tx, found.id))


def rotate(tx: Transaction, client: str, overlap: float) -> tuple[ClientRecord, str]:
    """Give one another secret; the one before counts for `overlap` seconds more. Raises ConfigError or NotFound."""
    row = _row(tx, client)
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise ConfigError(f"overlap: must be at most {LONGEST_OVERLAP / 86400:g} days, such as 1h or 7d")
    text, hashed = _new_secret(tx)
    former = (row["secret_hash"], tx.now + overlap) if overlap else ("", 0.0)
    tx.change(sa.update(table).where(table.c.id == row["id"]).values(
        secret_hash=hashed, former_hash=former[0], former_until=former[1], rotated=tx.now))
    return find(tx, row["id"]), text


def remove(tx: Transaction, client: str) -> ClientRecord:
    """Forget one, by name or id: nobody signs in to it any more. Raises NotFound."""
    found = find(tx, client)
    tx.change(sa.delete(table).where(table.c.id == found.id))
    return found


def find(reading: Reading, client: str) -> ClientRecord:
    """The client of this name or id. Raises NotFound."""
    return _record(_row(reading, client))


def list_all(reading: Reading, page: ListPage | None = None) -> list[ClientRecord]:
    """All of them, or a page, by name."""
    return [_record(row) for row in reading.rows(paged(sa.select(table), table.c.name_key, page, names.key))]


def snapshot_parties(reading: Reading) -> dict[str, RelyingParty]:
    """All of them by id, as the snapshot has them."""
    found = {}
    for row in reading.rows(sa.select(table)):
        secrets = {row["secret_hash"]: FOREVER}
        if row["former_hash"]:
            secrets[row["former_hash"]] = row["former_until"]
        one = _record(row)
        found[one.id] = RelyingParty(
            one.id, one.name, one.redirect_uris, one.post_logout_redirect_uris, secrets, one.created,
            one.backchannel_logout_uri, one.backchannel_logout_session_required, one.ca_bundle,
            one.frontchannel_logout_uri)
    return found


def secret_hash(text: str) -> str:
    """What is kept of a secret, which nobody can guess: it has 256 bits."""
    return sha256(text.encode()).hexdigest()


def check_uri(uri: str, what: str) -> str:
    """https, or http of the very machine of the browser or the service. Raises ConfigError."""
    hint = "write https://app.example.com/callback; http only with 127.0.0.1, [::1] or localhost"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{what}: {uri[:100]!r} is no URI", hint=hint) from error
    good = bool(_HOST.fullmatch(host or "")) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
    if not good or not _URI.fullmatch(uri) or parts.username is not None or "#" in uri:
        raise ConfigError(f"{what}: {uri[:100]!r} cannot be used", hint=hint)
    return uri


def _values(wanted: ClientChanges) -> dict[str, object]:
    values: dict[str, object] = {}
    lists = {"redirect_uris": wanted.redirect_uris, "post_logout_redirect_uris": wanted.post_logout_redirect_uris}
    for what, uris in lists.items():
        if uris is None:
            continue
        if len(uris) > _MOST_URIS:
            raise ConfigError(f"{what}: at most {_MOST_URIS}")
        values[what] = json.dumps([check_uri(uri, what) for uri in dict.fromkeys(uris)])
    one_each = {
        "backchannel_logout_uri": wanted.backchannel_logout_uri, "frontchannel_logout_uri": wanted.frontchannel_logout_uri}
    for what, uri in one_each.items():
        if uri is not None:
            values[what] = uri and check_uri(uri, what)
    if wanted.backchannel_logout_session_required is not None:
        values["backchannel_logout_session_required"] = wanted.backchannel_logout_session_required
    if wanted.ca_bundle is not None:
        if wanted.ca_bundle:
            load_chain(wanted.ca_bundle, "ca_bundle")
        values["ca_bundle"] = wanted.ca_bundle
    return values


def _complete(one: ClientRecord) -> ClientRecord:
    if not one.redirect_uris:
        raise ConfigError("redirect_uris: name one at least", hint="where the application takes codes; its manual says which")
    if one.frontchannel_logout_uri and _place(one.frontchannel_logout_uri) not in map(_place, one.redirect_uris):
        # Front-Channel Logout 1.0 section 2.
        raise ConfigError("frontchannel_logout_uri: is not where a redirect URI is",
                          hint="its scheme, host and port must be those of one of its redirect URIs")
    return one


def _place(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc.lower()


def _new_secret(tx: Transaction) -> tuple[str, str]:
    text = _PREFIX + urlsafe_b64encode(tx.random_bytes(32)).decode("ascii").rstrip("=")
    return text, secret_hash(text)


def _given_secret(text: str) -> tuple[str, str]:
    """One that was made elsewhere. Its plain hash is kept, which is safe only where nobody can guess it."""
    if not _SECRET.fullmatch(text):
        raise ConfigError("secret: must be 43 to 255 letters, digits or signs of - . _ ~ + / = made by chance",
                          hint="make one with: openssl rand -base64 32")
    return text, secret_hash(text)


def _row(reading: Reading, client: str) -> Row:
    return names.find_row(reading, table, table.c.name_key == names.key(client), client, _KIND)


def _record(row: Row) -> ClientRecord:
    return ClientRecord(
        row["id"], row["name"], tuple(json.loads(row["redirect_uris"])), tuple(json.loads(row["post_logout_redirect_uris"])),
        row["former_until"], row["created"], row["rotated"], row["backchannel_logout_uri"],
        row["backchannel_logout_session_required"], row["ca_bundle"], row["frontchannel_logout_uri"])
