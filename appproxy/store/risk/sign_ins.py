"""Sign-ins as they were judged: of each user the newest that teach, and the newest that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import NotFound
from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.learned import MOST_FORMER
from appproxy.policy.risk.levels import Part
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.paging import ListPage, paged
from appproxy.store.tables.risk import risk_sign_ins as table
from appproxy.store.transaction import Reading, Row, Transaction

#: A sign-in at risk that nobody has objected to for so long, in seconds, is taken for the user's.
UNDISPUTED = 14 * 86400.0
#: So long every one is kept at most.
_KEPT = 180 * 86400.0
#: Of those of one user that do not teach, and that nobody has confirmed as attacks: an admin makes those, and whoever goes on
#: to try may not push them out.
_MOST_OTHERS = 20
#: Tries from one place within so many seconds are one.
_SAME_TRY = 3600.0


#: Not by `IN`, which SQLAlchemy puts into the statement's text again at each look.
_SETTLED = sa.or_(*(table.c.state == one.value for one in (RiskState.USUAL, RiskState.PROVED, RiskState.DISMISSED)))
_UNDISPUTED = (table.c.state == RiskState.OPEN.value) & (table.c.outcome == SignInOutcome.PASSED.value) & (
    table.c.time < sa.bindparam("undisputed"))
_TEACHES = _SETTLED | _UNDISPUTED
_ATTACK = table.c.state == RiskState.CONFIRMED.value
_OF = (table.c.provider == sa.bindparam("provider")) & (table.c.subject == sa.bindparam("subject"))
_PLACE = (table.c.address == sa.bindparam("address")) & (table.c.browser == sa.bindparam("browser"))
_TEACHING = sa.select(table).where(_OF & _TEACHES).order_by(table.c.time.desc()).limit(MOST_FORMER)
_SAME = sa.select(table.c.id).where(_OF & _PLACE & (table.c.outcome == sa.bindparam("outcome")))
_SAME_SESSION = _SAME.where(table.c.session == sa.bindparam("session"))
_TRIED = _SAME.where(table.c.time > sa.bindparam("since"))
_ADD = sa.insert(table)
#: Those that there is no room for, of both kinds.
_BEYOND = sa.select(sa.union_all(*(
    sa.select(sa.select(table.c.id).where(_OF & which).order_by(table.c.time.desc()).offset(most).limit(100).subquery())
    for which, most in ((_TEACHES, MOST_FORMER), (~_TEACHES & ~_ATTACK, _MOST_OTHERS)))).subquery())
_THEIRS = sa.select(
    sa.func.max(sa.case((table.c.step.not_in((AddressStep.ADDRESS.value, AddressStep.FIRST.value)), 1), else_=0)).label("new")
).where(
    table.c.address == sa.bindparam("address"), table.c.time > sa.bindparam("since"), ~_OF,
    table.c.outcome == SignInOutcome.PASSED.value,
).group_by(table.c.provider, table.c.subject).subquery()
_NEIGHBOURS = sa.select(sa.func.count(), sa.func.sum(_THEIRS.c.new)).select_from(_THEIRS)
_ATTACKS = sa.select(sa.func.count()).select_from(table).where(
    table.c.address == sa.bindparam("address"), table.c.time > sa.bindparam("since"), _ATTACK)


@dataclass(frozen=True, slots=True)
class JudgedSignIn:
    """One sign-in. `application`, `session`: ids, "" for none."""

    id: str
    provider: str
    subject: str
    name: str
    session: str
    application: str
    seen: Seen
    score: float
    level: str
    parts: tuple[Part, ...]
    outcome: SignInOutcome
    state: RiskState


def teaching(reading: Reading, provider: str, subject: str, now: float) -> list[Seen]:
    """Those of a user that tell what is usual, the newest first."""
    values = {"provider": provider, "subject": subject, "undisputed": now - UNDISPUTED}
    return [_seen(row) for row in reading.rows(_TEACHING, values)]


def add(
    tx: Transaction, judged: Judgement, *, provider: str, subject: str, name: str, session: str, application: str,
    outcome: SignInOutcome, state: RiskState,
) -> str:
    """Keep one, and no more of this user than there is room for. Gives its id; "" where it is one that is there already."""
    seen = judged.seen
    if _is_there(tx, provider, subject, seen, session, outcome):
        return ""
    lat, lon = seen.place or (None, None)
    id_ = tx.new_id()
    tx.change(_ADD, {
        "id": id_, "provider": provider, "subject": subject, "name": name[:128], "time": seen.time, "session": session,
        "application": application, "address": seen.networks.address, "country": seen.country, "latitude": lat,
        "longitude": lon, "browser": seen.browser, "system": seen.system, "device": seen.device, "step": seen.step.value,
        "new_device": -1 if seen.new_device is None else int(seen.new_device), "score": judged.score, "level": judged.level,
        "parts": json.dumps([[part.name, round(part.points, 1), part.because] for part in judged.parts]),
        "outcome": outcome.value, "state": state.value})
    values = {"provider": provider, "subject": subject, "undisputed": tx.now - UNDISPUTED}
    if beyond := [row["id"] for row in tx.rows(_BEYOND, values)]:
        tx.change(sa.delete(table).where(table.c.id.in_(beyond)))
    return id_


def _is_there(
    tx: Transaction, provider: str, subject: str, seen: Seen, session: str, outcome: SignInOutcome
) -> bool:
    """Further applications of one session, and what somebody tries again and again, are one sign-in."""
    values = {"provider": provider, "subject": subject, "address": seen.networks.address, "browser": seen.browser,
              "outcome": outcome.value}
    if outcome is SignInOutcome.PASSED:
        return tx.row(_SAME_SESSION, {**values, "session": session}) is not None
    return tx.row(_TRIED, {**values, "since": seen.time - _SAME_TRY}) is not None


def settle(tx: Transaction, provider: str, subject: str, seen: Seen) -> list[JudgedSignIn]:
    """The user has proved a second factor: what is open of the same place was theirs, too. Gives those."""
    which = _of(provider, subject) & _place(seen) & (table.c.state == RiskState.OPEN.value)
    return mark(tx, which, RiskState.PROVED)


def mark(tx: Transaction, which: sa.ColumnElement[bool], state: RiskState) -> list[JudgedSignIn]:
    """Say what is thought of some; gives what they were."""
    found = [_judged(row) for row in tx.rows(sa.select(table).where(which))]
    if found:
        tx.change(sa.update(table).where(which).values(state=state.value))
    return found


def is_one(id_: str) -> sa.ColumnElement[bool]:
    """The one with this id."""
    return table.c.id == id_


def is_open(provider: str, subject: str) -> sa.ColumnElement[bool]:
    """Those that are held against a user."""
    return _of(provider, subject) & (table.c.state == RiskState.OPEN.value)


def held(reading: Reading, provider: str, subject: str) -> list[tuple[float, float]]:
    """Times and scores of what is held against a user."""
    rows = reading.rows(sa.select(table.c.time, table.c.score).where(is_open(provider, subject)))
    return [(row["time"], row["score"]) for row in rows]


def find(reading: Reading, id_: str) -> JudgedSignIn:
    """The one with this id. Raises NotFound."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    if row is None:
        raise NotFound(f"there is no sign-in {id_!r} whose risk is known", hint="see appproxy risk list --all")
    return _judged(row)


def list_all(
    reading: Reading, *, provider: str = "", subject: str = "", levels: Sequence[str] = (), limit: int = 200,
    page: ListPage | None = None,
) -> list[JudgedSignIn]:
    """The newest first, or a page by id."""
    chosen = sa.select(table)
    if provider:
        chosen = chosen.where(table.c.provider == provider)
    if subject:
        chosen = chosen.where(table.c.subject == subject)
    if levels:
        chosen = chosen.where(table.c.level.in_(levels))
    newest = chosen.order_by(table.c.time.desc(), table.c.id).limit(limit)
    return [_judged(row) for row in reading.rows(newest if page is None else paged(chosen, table.c.id, page))]


def scores(reading: Reading, since: float, most: int) -> list[float]:
    """The newest scores of what has passed or was asked for more, where there was enough to compare with."""
    chosen = sa.select(table.c.score).where((table.c.time > since) & (table.c.level != ""))
    return list(reading.connection.scalars(chosen.order_by(table.c.time.desc()).limit(most)))


def neighbours(reading: Reading, address: str, provider: str, subject: str, since: float) -> tuple[int, int]:
    """Other users who have signed in from an address, and those of them for whom it was a new one."""
    values = {"address": address, "since": since, "provider": provider, "subject": subject}
    all_, new = reading.connection.execute(_NEIGHBOURS, values).one()
    return int(all_), int(new or 0)


def attacks_from(reading: Reading, address: str, since: float) -> int:
    """How many from an address an admin has confirmed as attacks."""
    return int(reading.connection.scalar(_ATTACKS, {"address": address, "since": since}) or 0)


def is_attacked(reading: Reading, provider: str, subject: str) -> bool:
    """Has an admin confirmed any sign-in of a user as an attack?"""
    return reading.row(sa.select(table.c.id).where(_of(provider, subject) & _ATTACK)) is not None


def purge(tx: Transaction) -> None:
    """Forget what is too old to tell anything."""
    tx.change(sa.delete(table).where(table.c.time < tx.now - _KEPT))


def _of(provider: str, subject: str) -> sa.ColumnElement[bool]:
    return (table.c.provider == provider) & (table.c.subject == subject)


def _place(seen: Seen) -> sa.ColumnElement[bool]:
    return (table.c.address == seen.networks.address) & (table.c.browser == seen.browser)


def _seen(row: Row) -> Seen:
    place = None if row["latitude"] is None else (row["latitude"], row["longitude"])
    return Seen(
        row["time"], networks_of(row["address"].partition("/")[0]), row["country"], place, row["browser"], row["system"],
        row["device"], AddressStep(row["step"]), None if row["new_device"] < 0 else bool(row["new_device"]))


def _judged(row: Row) -> JudgedSignIn:
    return JudgedSignIn(
        row["id"], row["provider"], row["subject"], row["name"], row["session"], row["application"], _seen(row), row["score"],
        row["level"], _parts(row["parts"]), SignInOutcome(row["outcome"]), RiskState(row["state"]))


def _parts(text: str) -> tuple[Part, ...]:
    return tuple(Part(name, points, because) for name, points, because in json.loads(text))


def described(one: JudgedSignIn) -> Mapping[str, object]:
    """As listings and entries of the audit name it."""
    seen = one.seen
    return {
        "id": one.id, "name": one.name, "subject": one.subject, "time": seen.time, "address": seen.networks.address,
        "country": seen.country, "client": seen.browser, "level": one.level or "unknown", "score": round(one.score, 1),
        "outcome": one.outcome.value, "state": one.state.value, "session": one.session,
        "parts": [{"name": part.name, "points": round(part.points, 1), "because": part.because} for part in one.parts],
    }
