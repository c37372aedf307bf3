"""Device authorities as they are kept: their certificates, and what their lists of revoked certificates come to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography import x509

from appproxy.errors import ConfigError
from appproxy.pki.client_path import load_authority
from appproxy.pki.pem import load_chain
from appproxy.pki.revocation.crl import Edition, Revocations, check_newer, read_lists
from appproxy.pki.revocation.revoked_ids import RevokedIds
from appproxy.policy.conditional.documents.naming import ALL
from appproxy.policy.conditional.parts.devices import PROVED, Devices
from appproxy.policy.lifetimes import Lifetimes
from appproxy.store import names
from appproxy.store.snapshot import NO_SOURCES, OWN_AUTHORITY, DeviceAuthority, RevocationSources
from appproxy.store.tables.devices import device_answers, device_list_fetches, device_revocations
from appproxy.store.tables.devices import device_authorities as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Authorities in all: browsers are told the names of all of them in each handshake.
MOST = 20
_KIND = "device authority"
#: URLs of one kind: one for each certificate that issues, and another of each.
_MOST_URLS, _LONGEST_URL = 10, 500
_URL = re.compile(r"[!-\"$-~]+")
_FORCE = "appproxy device authority set NAME --crl FILE --older"


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """One. Times are seconds since 1970; `changed`: when its lists were. `authority` has what counts; `editions`: the newest
    lists that were ever there, by issuer.
    """

    id: str
    name: str
    created: float
    changed: float
    authority: DeviceAuthority = field(repr=False)
    editions: Mapping[str, Edition] = field(repr=False)


def add(
    tx: Transaction, name: str, certificates: str, lists: str | None = None, sources: RevocationSources = NO_SOURCES
) -> AuthorityRecord:
    """Believe the certificates of devices that lead to these (PEM). `lists`: of revoked ones (PEM), None for none. `sources`:
    where the service asks for them itself.

    Raises ConfigError or AlreadyThere.
    """
    title = names.title(name, "name")
    if names.key(title) in (PROVED, ALL, OWN_AUTHORITY):
        raise ConfigError(f"name: {title!r} has a meaning of its own", hint="choose another name")
    names.check_new(tx, table, table.c.name_key == names.key(title), title, _KIND)
    if len(list_all(tx)) >= MOST:
        raise ConfigError(f"there are {MOST} device authorities already", hint="remove one")
    found = load_authority(certificates, tx.now)
    own = {one: other.name for other in list_all(tx) for pem in other.authority.certificates for one in load_chain(pem)}
    taken = next((one for one in found if one in own), None)
    if taken is not None:
        raise names.AlreadyThere(f"certificate: {taken.subject.rfc4514_string()} is one of {own[taken]} already")
    id_ = tx.new_id()
    tx.change(sa.insert(table).values(
        id=id_, name=title, name_key=names.key(title), certificates=certificates, created=tx.now, changed=tx.now,
        **_kept(None if lists is None else read_lists(lists, found, tx.now))))
    return find(tx, id_) if sources == NO_SOURCES else set_sources(tx, id_, sources)


def add_own(tx: Transaction, certificate: str) -> AuthorityRecord:
    """Believe the certificates that the service issues itself, to this one (PEM)."""
    tx.change(sa.insert(table).values(
        id=OWN_AUTHORITY, name=OWN_AUTHORITY, name_key=OWN_AUTHORITY, certificates=certificate, created=tx.now,
        changed=tx.now, **_kept(None)))
    return find(tx, OWN_AUTHORITY)


def set_lists(tx: Transaction, name: str, lists: str | None, *, older: bool = False) -> AuthorityRecord:
    """Put these lists (PEM, None for none) in the place of those that are there. `older`: also of newer ones.

    What was the newest one is remembered when there is none any more. Raises ConfigError or NotFound.
    """
    record = find(tx, name)
    if record.id == OWN_AUTHORITY:
        raise ConfigError("crl: the service knows itself which of its own certificates are revoked",
                          hint="revoke one by appproxy device revoke ID")
    made = None if lists is None else read_lists(lists, issuers(record), tx.now)
    return put_lists(tx, record, made, older=older)


def issuers(record: AuthorityRecord) -> list[x509.Certificate]:
    """Who may sign its lists."""
    return [one for pem in record.authority.certificates for one in load_chain(pem)]


def put_lists(tx: Transaction, record: AuthorityRecord, made: Revocations | None, *, older: bool = False) -> AuthorityRecord:
    """The same of lists that are read already. Raises ConfigError."""
    if made is not None and not older:
        check_newer(made.editions, record.editions, _FORCE)
    tx.change(sa.update(table).where(table.c.id == record.id).values(changed=tx.now, **_kept(made, record.editions)))
    return find(tx, record.id)


def set_sources(tx: Transaction, name: str, sources: RevocationSources) -> AuthorityRecord:
    """Ask there from now on: for lists at once. Raises ConfigError or NotFound."""
    record = find(tx, name)
    if record.id == OWN_AUTHORITY:
        raise ConfigError("crl_urls, ocsp: the service knows itself which of its own certificates are revoked",
                          hint="revoke one by appproxy device revoke ID")
    crl_urls, ocsp = checked_urls(sources.crl_urls, "crl_urls"), checked_urls(sources.ocsp, "ocsp")
    tx.change(sa.update(table).where(table.c.id == record.id).values(
        crl_urls=json.dumps(crl_urls), ocsp=json.dumps(ocsp), ocsp_soft=sources.ocsp_soft))
    if crl_urls == record.authority.sources.crl_urls:
        # To say the same again is how to have them fetched at once.
        tx.change(sa.update(device_list_fetches).where(device_list_fetches.c.id == record.id).values(due=tx.now))
    else:
        tx.change(sa.delete(device_list_fetches).where(device_list_fetches.c.id == record.id))
        if crl_urls:
            tx.change(sa.insert(device_list_fetches).values(
                id=record.id, due=tx.now, owner="", owned_until=0.0, fetched=0.0, failures=0, problem=""))
    return find(tx, record.id)


def checked_urls(urls: Sequence[str], key: str) -> tuple[str, ...]:
    """URLs that the service may ask. Raises ConfigError, which begins with the key."""
    if len(urls) > _MOST_URLS:
        raise ConfigError(f"{key}: {len(urls)} are too many", hint=f"{_MOST_URLS} are possible")
    for one in urls:
        try:
            parts = urlsplit(one)
            # The port is read when it is asked for, and raises then.
            is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_good = False
        if not is_good or not _URL.fullmatch(one) or "@" in urlsplit(one).netloc or len(one) > _LONGEST_URL:
            raise ConfigError(f"{key}: {one[:100]!r} is no URL of http or https without user and fragment",
                              hint="such as http://pki.corp/company.crl")
    return tuple(dict.fromkeys(urls))


def remove(tx: Transaction, name: str) -> AuthorityRecord:
    """Believe it no longer: no device counts that it vouches for. Raises NotFound."""
    record = find(tx, name)
    tx.change(sa.delete(table).where(table.c.id == record.id))
    return record


def find(reading: Reading, name: str) -> AuthorityRecord:
    """By its name or id. Raises NotFound."""
    return _record(reading, names.find_row(reading, table, table.c.name_key == names.key(name), name, _KIND))


def list_all(reading: Reading) -> list[AuthorityRecord]:
    """All, by name."""
    return [_record(reading, row) for row in reading.rows(sa.select(table).order_by(table.c.name_key))]


def snapshot_authorities(reading: Reading) -> dict[str, DeviceAuthority]:
    """All by id."""
    return {one.id: one.authority for one in list_all(reading)}


def bounded(reading: Reading, lifetimes: Lifetimes) -> dict[str, DeviceAuthority]:
    """The same as a snapshot has them: what was heard counts no longer than by the clock that is never set. Lists that an
    administrator gives again, or that are fetched again after the clock was set back, were heard then.
    """
    records = list_all(reading)
    said = {(one.id, "list", issuer, one.changed): until
            for one in records for issuer, until in one.authority.lists.items()}
    said |= {(one.id, "answer", certificate, 0.0): until
             for one in records for certificate, until in one.authority.answers.items()}
    counts = lifetimes.bounded(said)
    return {
        one.id: replace(
            one.authority,
            lists={issuer: counts[one.id, "list", issuer, one.changed] for issuer in one.authority.lists},
            answers={certificate: counts[one.id, "answer", certificate, 0.0] for certificate in one.authority.answers})
        for one in records}


def trusted(reading: Reading) -> Devices:
    """What policies are judged with."""
    return devices(snapshot_authorities(reading))


def devices(known: Mapping[str, DeviceAuthority]) -> Devices:
    """These, as policies see them."""
    return Devices({id: one.trusted for id, one in known.items()})


def _kept(lists: Revocations | None, before: Mapping[str, Edition] = MappingProxyType({})) -> dict[str, object]:
    newest = dict(before) if lists is None else {**before, **lists.editions}
    editions = json.dumps({id: [one.number, one.begins] for id, one in newest.items()}, sort_keys=True)
    if lists is None:
        return {"lists": "{}", "revoked": "", "editions": editions}
    return {"lists": json.dumps(dict(lists.until), sort_keys=True), "revoked": _written(lists.revoked),
            "editions": editions}


def _written(revoked: Set[str]) -> str:
    return revoked.written() if isinstance(revoked, RevokedIds) else " ".join(sorted(revoked))


def _record(reading: Reading, row: Row) -> AuthorityRecord:
    more: list[str] = []
    if row["id"] == OWN_AUTHORITY:
        more = list(reading.connection.scalars(sa.select(device_revocations.c.id)))
    heard = sa.select(device_answers.c.id, device_answers.c.until).where(device_answers.c.authority == row["id"])
    answers = {one["id"]: one["until"] for one in reading.rows(heard)}
    # Good again is what the responder says later; until then it is revoked, as what a list puts on hold.
    more += [id for id, until in answers.items() if not until]
    sources = RevocationSources(tuple(json.loads(row["crl_urls"])), tuple(json.loads(row["ocsp"])), row["ocsp_soft"])
    lists = json.loads(row["lists"])
    editions = {id: Edition(number, begins) for id, (number, begins) in json.loads(row["editions"]).items()}
    first = editions.get(min(lists, key=lists.__getitem__, default=""))
    authority = DeviceAuthority(
        row["name"], (row["certificates"],), lists, RevokedIds.read(row["revoked"], more), sources,
        {id: until for id, until in answers.items() if until}, first.begins if first else 0.0)
    return AuthorityRecord(row["id"], row["name"], row["created"], row["changed"], authority, editions)
