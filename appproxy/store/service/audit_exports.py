"""Where the audit is exported to, and how far each destination has it.

The audit's own table is the queue: one transaction writes at a time, on all nodes, so that numbers grow in the order in which
entries can be seen, and "all behind this number" leaves none out. One node sends to a destination, for as long as it renews
its lease; where two do it for a moment, because one was held up or their clocks differ, entries arrive twice and none is left
out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.export.destination import Destination, Way, read_destination
from appproxy.export.entry import ExportedEntry
from appproxy.export.formats import FORMATS
from appproxy.export.webhook import KEY_LENGTH
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.pem import load_chain, load_key
from appproxy.store import names
from appproxy.store.tables.core import audit
from appproxy.store.tables.exports import audit_exports as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purposes of sealing (associated data: never change them).
EXPORT_KEY, EXPORT_SECRET = "audit export key", "audit export secret"
_WHAT = "audit export"
#: Each is read and written for at every batch.
_MOST = 16
#: How long a node has a destination to itself, in seconds: longer than any delivery takes.
LEASE = 30.0
#: Nothing that is still to come is further away than this, in seconds, unless a clock was put back: a lease (and by how much
#: clocks of nodes may differ), and the longest wait before a try (an hour that was asked for, and half of it by chance).
_LONGEST_LEASE, _LONGEST_WAIT = 2 * LEASE, 5400.0
_LONGEST_PROBLEM = 500


@dataclass(frozen=True, slots=True)
class NewExport:
    """What an administrator says of a destination. `certificate` and `key` (PEM): shown to a server that asks, "" for none."""

    url: str
    format: str = "json"
    ca_bundle: str = ""
    certificate: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AuditExport:
    """A destination. `position`: the number of the last entry that has arrived there; `delivered`: when one did, 0.0: never.

    `due`: when the next try is, after `failures` in a row, of which the last one was for `problem`.
    """

    id: str
    name: str
    url: str
    format: str
    ca_bundle: str
    certificate: str
    created: float
    position: int
    due: float
    failures: int
    problem: str
    delivered: float
    sent: int
    refused: int
    lost: int
    #: A webhook's key, and that of our certificate.
    secret: bytes = field(repr=False)
    key: str = field(repr=False)

    @property
    def destination(self) -> Destination:
        """Its URL, read."""
        return read_destination(self.url)

    @property
    def credential(self) -> Credential | None:
        """What is shown to a server that asks for a certificate."""
        return Credential(self.certificate, self.key) if self.certificate else None


@dataclass(frozen=True, slots=True)
class Backlog:
    """A destination, and what waits for it: how many entries, and since when (0.0: none). `is_free`: no other node has it."""

    export: AuditExport
    waiting: int
    since: float
    is_free: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries as they are sent, with the number of each."""

    pieces: tuple[tuple[int, bytes], ...]

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.pieces[-1][0]


def add(tx: Transaction, name: str, new: NewExport, after: int | None) -> AuditExport:
    """Export from now on to one more destination, the entries behind the number `after`; None: those to come.

    Raises ConfigError or AlreadyThere.
    """
    name = names.title(name, _WHAT)
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _WHAT)
    if (tx.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) >= _MOST:
        raise ConfigError(f"there are {_MOST} audit exports, and no more can be", hint="remove one that nobody reads")
    way = _checked(new).way
    id_ = tx.new_id()
    secret = tx.random_bytes(KEY_LENGTH) if way is Way.WEBHOOK else b""
    tx.change(sa.insert(table).values(
        id=id_, name=name, name_key=names.key(name), url=new.url, format=new.format, ca_bundle=new.ca_bundle,
        certificate=new.certificate, key=tx.sealer.seal(EXPORT_KEY, id_, new.key.encode()),
        secret=tx.sealer.seal(EXPORT_SECRET, id_, secret), created=tx.now, position=_newest(tx) if after is None else after,
        owner="", owned_until=0.0, due=tx.now, failures=0, problem="", delivered=0.0, sent=0, refused=0, lost=0))
    return find(tx, id_)


def _checked(new: NewExport) -> Destination:
    if new.format not in FORMATS:
        raise ConfigError(f"format: {new.format!r} is none", hint=f"there are {', '.join(FORMATS)}")
    found = read_destination(new.url)
    if not found.way.has_tls and (new.ca_bundle or new.certificate or new.key):
        raise ConfigError(f"ca_bundle, certificate, key: {found.way.value} has no TLS",
                          hint="leave them out, or give syslog+tls:// or https://")
    if new.ca_bundle:
        load_chain(new.ca_bundle, "ca_bundle")
    if bool(new.certificate) != bool(new.key):
        raise ConfigError("certificate, key: one is of no use without the other", hint="give both or none")
    if new.certificate:
        leaf, key = load_chain(new.certificate)[0], load_key(new.key)
        if leaf.public_key() != key.public_key():
            raise ConfigError("certificate: does not belong to its key", hint="give both of one pair")
    return found


def find(reading: Reading, name: str) -> AuditExport:
    """By its name or id. Raises NotFound."""
    return _export(reading, names.find_row(reading, table, table.c.name_key == names.key(name), name, _WHAT))


def list_all(reading: Reading) -> list[AuditExport]:
    """All, by name."""
    return [_export(reading, row) for row in reading.rows(sa.select(table).order_by(table.c.name_key))]


def remove(tx: Transaction, id_: str) -> None:
    """Export there no more."""
    tx.change(sa.delete(table).where(table.c.id == id_))


def backlogs(reading: Reading, now: float, node: str = "") -> list[Backlog]:
    """All, with what waits for each; `node`: who asks."""
    rows = reading.rows(sa.select(table).order_by(table.c.name_key))
    newest = _newest(reading) if rows else 0
    found = []
    for row in rows:
        position = _position(row, newest)
        since = reading.connection.scalar(
            sa.select(audit.c.time).where(audit.c.number > position).order_by(audit.c.number).limit(1))
        is_free = row["owner"] == node or _is_over(row["owned_until"], now, _LONGEST_LEASE)
        # Numbers of entries that are gone are counted too: what waits is never more than this.
        waiting = newest - position if since is not None else 0
        found.append(Backlog(_export(reading, row), waiting, since or 0.0, is_free))
    return found


def is_due(export: AuditExport, now: float) -> bool:
    """May it be tried now?"""
    return _is_over(export.due, now, _LONGEST_WAIT)


def _is_over(until: float, now: float, longest: float) -> bool:
    return until <= now or until > now + longest


def claim(tx: Transaction, id_: str, node: str) -> AuditExport | None:
    """Have a destination for this node alone and for `LEASE` seconds; None: another node has it, or it is not due, or gone."""
    until, due = table.c.owned_until, table.c.due
    free = sa.or_(table.c.owner == node, until <= tx.now, until > tx.now + _LONGEST_LEASE)
    mine = sa.update(table).where(table.c.id == id_, sa.or_(due <= tx.now, due > tx.now + _LONGEST_WAIT), free)
    if tx.change(mine.values(owner=node, owned_until=tx.now + LEASE)) != 1:
        return None
    return find(tx, id_)


def next_batch(
    reading: Reading, export: AuditExport, service: str, write: Callable[[ExportedEntry], bytes], most: int, most_bytes: int
) -> Batch | None:
    """What is to be sent next: at most so many entries and bytes, but one in any case; None when there is none."""
    after = export.position if export.position <= _newest(reading) else 0
    pieces: list[tuple[int, bytes]] = []
    size = 0
    for row in reading.rows(sa.select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(most)):
        piece = write(ExportedEntry(
            service, row["number"], row["time"], row["actor"], row["action"], row["target"], json.loads(row["detail"]),
            row["link"]))
        size += len(piece)
        if pieces and size > most_bytes:
            break
        pieces.append((row["number"], piece))
    return Batch(tuple(pieces)) if pieces else None


def delivered(tx: Transaction, id_: str, node: str, batch: Batch) -> bool:
    """A batch has arrived. False: the destination is another node's by now, which sends it again, or gone."""
    return _moved(tx, id_, node, position=batch.last, sent=table.c.sent + len(batch.pieces), delivered=tx.now)


def left_out(tx: Transaction, id_: str, node: str, number: int) -> bool:
    """The receiver will never take this entry: go on behind it. It stays in the audit."""
    return _moved(tx, id_, node, position=number, refused=table.c.refused + 1)


def _moved(tx: Transaction, id_: str, node: str, **values: object) -> bool:
    mine = sa.update(table).where(table.c.id == id_, table.c.owner == node)
    return tx.change(mine.values(failures=0, problem="", due=tx.now, owned_until=tx.now + LEASE, **values)) == 1


def failed(tx: Transaction, id_: str, node: str, problem: str, wait: float) -> None:
    """Nothing has arrived; whichever node looks first tries again after so many seconds."""
    mine = sa.update(table).where(table.c.id == id_, table.c.owner == node)
    tx.change(mine.values(
        failures=table.c.failures + 1, problem=problem[:_LONGEST_PROBLEM], due=tx.now + wait, owner="", owned_until=0.0))


def release(tx: Transaction, node: str) -> None:
    """What this node has is free for others."""
    tx.change(sa.update(table).where(table.c.owner == node).values(owner="", owned_until=0.0))


def first_unsent(reading: Reading) -> int | None:
    """The number of the first entry that some destination may not have yet; None where there is no destination."""
    position = reading.connection.scalar(sa.select(sa.func.min(table.c.position)))
    return None if position is None else position + 1


def missed(tx: Transaction, gone: sa.ColumnElement[bool]) -> dict[str, int]:
    """Entries that are about to be removed: how many of them each destination will not have, by name; it is counted there."""
    found = {}
    for row in tx.rows(sa.select(table.c.id, table.c.name, table.c.position)):
        unsent = sa.select(sa.func.count()).select_from(audit).where(gone, audit.c.number > row["position"])
        if count := tx.connection.scalar(unsent) or 0:
            found[row["name"]] = count
            tx.change(sa.update(table).where(table.c.id == row["id"]).values(lost=table.c.lost + count))
    return found


def _newest(reading: Reading) -> int:
    return reading.connection.scalar(sa.select(sa.func.max(audit.c.number))) or 0


def _position(row: Row, newest: int) -> int:
    """Where all entries were too old and are gone, SQLite counts from the beginning again."""
    return row["position"] if row["position"] <= newest else 0


def _export(reading: Reading, row: Row) -> AuditExport:
    plain = ("id", "name", "url", "format", "ca_bundle", "certificate", "created", "position", "due", "failures", "problem",
             "delivered", "sent", "refused", "lost")
    return AuditExport(
        **{name: row[name] for name in plain},
        secret=reading.sealer.open(EXPORT_SECRET, row["id"], row["secret"]),
        key=reading.sealer.open(EXPORT_KEY, row["id"], row["key"]).decode(),
    )  # fmt: skip
