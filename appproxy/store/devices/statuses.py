"""What responders (OCSP) have said of devices' certificates, and what nodes have to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from appproxy.pki.revocation.ocsp import OcspAnswer
from appproxy.store.tables.devices import device_answers, device_authorities
from appproxy.store.tables.devices import device_statuses as table
from appproxy.store.transaction import Reading, Row, Transaction

#: In seconds: certificates that were proved so lately are asked about again; no session is older without a new proof.
WATCHED = 30 * 86400.0
#: In seconds: that one is revoked is remembered for so long after the last proof.
_REMEMBERED = 400 * 86400.0
#: In seconds: an answer is asked for again after half of its time, but no sooner, nor later; after a failure first so soon.
_SOONEST, _LATEST, _RETRY = 60.0, 6 * 3600.0, 60.0
#: In seconds: for so long a node has what it asks again for itself.
OWNED = 120.0
#: In seconds: a responder's clock may be ahead of ours by so much, or another node's.
AHEAD = 300.0
_LONGEST_PROBLEM = 300


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """Of one certificate: `id` as `pki.crl.certificate_id`, `issuer` as `pki.crl.issuer_id`. `url`: of its responder. Times
    are seconds since 1970; `begins` and `until` of the answer, 0.0 for none; `due`: when to ask again; `proved`: last time.
    """

    id: str
    authority: str
    issuer: str
    serial: int
    url: str
    proved: float
    is_revoked: bool = False
    begins: float = 0.0
    until: float = 0.0
    due: float = 0.0
    failures: int = 0
    problem: str = ""

    def as_of(self, now: float) -> DeviceStatus:
        """The same without an answer that begins ahead of `now`: it was heard before the clock was set back, and nobody knows
        how old it is by now. What was revoked is.
        """
        return self if self.begins <= now + AHEAD else replace(self, begins=0.0, until=0.0)

    def answered(self, answer: OcspAnswer, now: float) -> DeviceStatus:
        """With what the responder has said. One that is older than what is known says nothing new."""
        if answer.begins < self.begins:
            return self.unanswered("the responder gives an older answer than before", now)
        due = now + min(max((answer.until - now) / 2.0, _SOONEST), _LATEST)
        return replace(self, is_revoked=answer.is_revoked, begins=answer.begins, until=answer.until, due=due, failures=0,
                       problem="")

    def unanswered(self, problem: str, now: float) -> DeviceStatus:
        """With what went wrong: an answer that is there counts until its end."""
        failures = self.failures + 1
        due = now + min(_RETRY * 2.0 ** min(failures - 1, 5), _LATEST)
        return replace(self, due=due, failures=failures, problem=problem[:_LONGEST_PROBLEM])


def find(reading: Reading, id_: str) -> DeviceStatus | None:
    """What is known of a certificate."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    return None if row is None else _status(row)


def keep(tx: Transaction, found: Iterable[DeviceStatus], *, again: bool = False) -> None:
    """Write down what was heard. `again`: of certificates that were asked about before, whose proofs go on by it."""
    there = set(tx.connection.scalars(sa.select(device_authorities.c.id)))
    for one in found:
        if one.authority not in there:
            continue  # removed meanwhile, with all that it has vouched for
        values = {
            "authority": one.authority, "issuer": one.issuer, "serial": f"{one.serial:x}", "url": one.url,
            "revoked": one.is_revoked, "begins": one.begins, "until": one.until, "due": one.due, "failures": one.failures,
            "problem": one.problem}
        if not again:
            values["proved"] = one.proved
        if tx.change(sa.update(table).where(table.c.id == one.id).values(values)) == 0:
            tx.change(sa.insert(table).values(id=one.id, **{"proved": one.proved, **values}))
        _tell(tx, one, again)


def _tell(tx: Transaction, one: DeviceStatus, again: bool) -> None:
    """Let nodes know, where that changes anything for them: it makes them judge what is under way again."""
    answers = device_answers
    row = tx.row(sa.select(answers.c.until).where(answers.c.id == one.id))
    known = None if row is None else row["until"]
    until = 0.0 if one.is_revoked else one.until
    if known == until or (known is None and not one.is_revoked and not (again and until)):
        return
    if known is None:
        tx.change(sa.insert(answers).values(id=one.id, authority=one.authority, until=until))
    else:
        tx.change(sa.update(answers).where(answers.c.id == one.id).values(until=until))


def is_due(reading: Reading, now: float) -> bool:
    """Is there anything to ask again?"""
    return reading.row(_due(now).limit(1)) is not None


def claim(tx: Transaction, most: int) -> list[DeviceStatus]:
    """Take up to so many that are due, for `OWNED` seconds for this node alone: the longest first."""
    found = []
    for row in tx.rows(_due(tx.now).order_by(table.c.due).limit(most)):
        mine = sa.update(table).where(table.c.id == row["id"], table.c.due == row["due"])
        if tx.change(mine.values(due=tx.now + OWNED)) == 1:
            found.append(_status(row))
    return found


def failing(reading: Reading, authority: str) -> tuple[int, str]:
    """How many certificates of an authority wait for an answer that did not come, and the latest problem; 0 and "" for none.
    """
    failed = (table.c.authority == authority) & (table.c.failures > 0)
    rows: Sequence[Row] = reading.rows(sa.select(table.c.problem).where(failed).order_by(table.c.due.desc()))
    return len(rows), rows[0]["problem"] if rows else ""


def purge(tx: Transaction) -> None:
    """Forget those that nobody has proved for long."""
    long_ago = (table.c.proved < tx.now - WATCHED) & ~table.c.revoked | (table.c.proved < tx.now - _REMEMBERED)
    gone = [row["id"] for row in tx.rows(sa.select(table.c.id).where(long_ago).limit(500))]
    if not gone:
        return
    tx.change(sa.delete(table).where(table.c.id.in_(gone)))
    if tx.rows(sa.select(device_answers.c.id).where(device_answers.c.id.in_(gone)).limit(1)):
        tx.change(sa.delete(device_answers).where(device_answers.c.id.in_(gone)))


def _due(now: float) -> sa.Select[tuple[object]]:
    # What lies further ahead than anything is put off is of a clock that was set back since.
    due = (table.c.due <= now) | (table.c.due > now + 1.5 * _LATEST)
    return sa.select(table).where(due, table.c.proved > now - WATCHED)


def _status(row: Row) -> DeviceStatus:
    return DeviceStatus(
        row["id"], row["authority"], row["issuer"], int(row["serial"], 16), row["url"], row["proved"], row["revoked"],
        row["begins"], row["until"], row["due"], row["failures"], row["problem"])
