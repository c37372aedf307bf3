"""The chain of the audit: each entry is bound to the one before it, so that none can be changed, put in or taken out unseen.

`link` of an entry is HMAC-SHA256(key, link of the entry before, entry). The key is random and sealed under the master key, so
that whoever has the database alone can make no link. What can still be done is to put a whole older database in place of the
newer one: only a copy elsewhere shows that.

Entries about nobody who is known have a chain of their own: they go after some time, which must not tear the other one. Both
are cut at their beginning only; where a chain begins and ends is under a seal, too.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from appproxy.store.service.note import ANONYMOUS
from appproxy.store.tables.core import audit, audit_chains
from appproxy.store.transaction import Reading, Row, Transaction

#: The purpose of sealing (associated data: never change it).
CHAIN_KEY = "audit chain key"
#: Both chains, by the name of their row.
KNOWN, NOBODYS = "known", "anonymous"
#: As JSON. Made once: an encoder for each text costs as much as the text.
_write = json.JSONEncoder(separators=(",", ":")).encode
#: What a chain begins with.
_START = "0" * 64
_FIND = sa.select(audit_chains).where(audit_chains.c.id == sa.bindparam("chain"))
_KEEP = sa.update(audit_chains).where(audit_chains.c.id == sa.bindparam("chain"))


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a chain begins and ends: links in hexadecimal. Entries with numbers below `begins` were never in it."""

    id: str
    key: bytes = field(repr=False)
    start: str = _START
    head: str = _START
    begins: int = 0

    def link(self, before: str, entry: Sequence[object]) -> str:
        """The link of an entry (time, actor, action, target, detail as JSON) behind the one that has this link."""
        return self._authenticated("entry", before, *entry)

    @property
    def seal(self) -> str:
        """What only the holder of the key can say of this state."""
        return self._authenticated("chain", self.id, self.start, self.head, self.begins)

    def _authenticated(self, *parts: object) -> str:
        return hmac.digest(self.key, _write(parts).encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at some entries of a chain has found. `checked` of them are good, up to `last`, which has the link `link`.

    `fault`: what is wrong behind them, "" for nothing. `is_done`: there are no more.
    """

    checked: int
    last: int
    link: str
    fault: str = ""
    is_done: bool = False


def append(tx: Transaction, rows: Sequence[dict[str, object]]) -> None:
    """Give each row its `link`, and keep where the chains end. They are inserted in this order, in the same transaction."""
    for id_ in (KNOWN, NOBODYS):
        mine = [row for row in rows if (row["actor"] == ANONYMOUS) == (id_ == NOBODYS)]
        if mine:
            chain = _open(tx, id_) or _begin(tx, id_)
            head = chain.head
            for row in mine:
                head = row["link"] = chain.link(head, _entry(row))
            _keep(tx, replace(chain, head=head))


def cut(tx: Transaction, id_: str, before: int) -> None:
    """Forget the entries of a chain with numbers below `before`, and let it begin with the next one."""
    gone = _of(id_) & (audit.c.number < before)
    chain = _open(tx, id_)
    if chain is not None:
        chained = gone & (audit.c.link != "")
        last = tx.connection.scalar(sa.select(audit.c.link).where(chained).order_by(audit.c.number.desc()).limit(1))
        if last is not None:
            _keep(tx, replace(chain, start=last))
    tx.change(sa.delete(audit).where(gone))


def verify(reading: Reading, id_: str, after: int, link: str, checked: int, most: int) -> Verified:
    """Check at most `most` entries of a chain, those behind the number `after`, which has this `link`; 0, "": from the start.

    `checked`: how many were good before those. At the last one their number and link must be what the chain says.
    """
    chain = _open(reading, id_)
    if chain is None:
        some = reading.row(sa.select(audit.c.number).where(_of(id_), audit.c.link != "").limit(1))
        return Verified(checked, after, link, "there are entries, and no chain" if some else "", is_done=True)
    if not _is_sealed(reading, chain):
        return Verified(checked, after, link, "where the chain begins and ends was changed")
    link = link or chain.start
    found = sa.select(audit).where(_of(id_), audit.c.number > after, audit.c.number >= chain.begins)
    rows = reading.rows(found.order_by(audit.c.number).limit(most))
    for row in rows:
        expected = chain.link(link, _entry(row))
        if not hmac.compare_digest(expected, row["link"]):
            fault = f"entry {row['number']}, or what was before it, was changed, put in or removed"
            return Verified(checked, after, link, fault)
        checked, after, link = checked + 1, row["number"], expected
    if len(rows) == most:
        return Verified(checked, after, link)
    whole = link == chain.head
    return Verified(checked, after, link, "" if whole else "the latest entries are missing", is_done=True)


def _entry(row: dict[str, object] | Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("time", "actor", "action", "target", "detail"))


def _of(id_: str) -> sa.ColumnElement[bool]:
    return audit.c.actor == ANONYMOUS if id_ == NOBODYS else audit.c.actor != ANONYMOUS


def _open(reading: Reading, id_: str) -> Chain | None:
    row = reading.row(_FIND, {"chain": id_})
    if row is None:
        return None
    key = reading.sealer.open(CHAIN_KEY, id_, row["key"])
    return Chain(id_, key, row["start"], row["head"], row["begins"])


def _is_sealed(reading: Reading, chain: Chain) -> bool:
    seal = reading.connection.scalar(sa.select(audit_chains.c.seal).where(audit_chains.c.id == chain.id)) or ""
    return hmac.compare_digest(chain.seal, seal)


def _begin(tx: Transaction, id_: str) -> Chain:
    """A chain from now on: what an earlier version has written is in none."""
    newest = tx.connection.scalar(sa.select(sa.func.max(audit.c.number))) or 0
    chain = Chain(id_, tx.random_bytes(32), begins=newest + 1)
    tx.change(sa.insert(audit_chains).values(
        id=id_, key=tx.sealer.seal(CHAIN_KEY, id_, chain.key), start=chain.start, head=chain.head, begins=chain.begins,
        seal=chain.seal))
    return chain


def _keep(tx: Transaction, chain: Chain) -> None:
    tx.change(_KEEP, {"chain": chain.id, "start": chain.start, "head": chain.head, "seal": chain.seal})
