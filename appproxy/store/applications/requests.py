"""Who has asked to use which application, and what became of it: an assignment that ends by itself, or a no."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.publish.application import Application
from appproxy.store import names
from appproxy.store.applications import applications, assignments
from appproxy.store.applications.asked import (
    APPROVED,
    DENIED,
    ENDED,
    MOST_WAITING,
    PAUSE,
    PENDING,
    WAITS,
    AccessAsking,
    AccessRequest,
    check_text,
    place_of,
)
from appproxy.store.applications.assignments import Assignment
from appproxy.store.paging import ListPage, among
from appproxy.store.people import providers
from appproxy.store.searching import has_text
from appproxy.store.tables import core as schema
from appproxy.store.tables.core import USER
from appproxy.store.tables.panel import access_requests as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Seconds for which one is listed that is over.
_KEPT = 30 * 86400.0


def ask(tx: Transaction, asking: AccessAsking) -> AccessRequest:
    """Write a request down.

    Raises NotFound where that cannot be asked for, AlreadyThere where it was already, and ConfigError (a wrong reason, or too
    many requests).
    """
    reason = check_text("reason", asking.reason, 1)
    found = applications.find(tx, asking.application)
    if not found.requestable or found.access_of(asking.provider) is None:
        raise NotFound("there is no such application that can be asked for")
    mine = list_all(tx, of=(asking.provider, asking.subject))
    for one in mine:
        state = one.state_at(tx.now)
        if one.application == found.id and state == PENDING:
            raise AlreadyThere(f"{found.name} was asked for already", hint="somebody has to approve it")
        if one.application == found.id and state == DENIED and one.decided + PAUSE > tx.now:
            raise AlreadyThere(f"{found.name} was denied less than a day ago", hint="ask again tomorrow")
    if sum(one.state_at(tx.now) == PENDING for one in mine) >= MOST_WAITING:
        raise ConfigError(f"{MOST_WAITING} of your requests wait already", hint="ask again when some are decided")
    id_ = tx.new_id()
    tx.change(sa.insert(table).values(
        id=id_, application=found.id, provider=asking.provider, subject=asking.subject, name=asking.name[:255], reason=reason,
        state=PENDING, decider="", answer="", created=tx.now, decided=0.0, ends=tx.now + WAITS))
    return find(tx, id_)


def approve(tx: Transaction, request: AccessRequest, ends: float, decider: str, answer: str) -> AccessRequest:
    """Assign what was asked for until `ends` (seconds since 1970).

    Raises AlreadyThere when it waits no more, and NotFound when the user is gone, or the application has left their provider.
    """
    _check_there(tx, request)
    _decide(tx, request, APPROVED, decider, answer, ends)
    assignments.put(tx, request.application, Assignment(
        request.provider, USER, request.subject, request.subject, expires=ends), keeps_maintainer=True)
    return find(tx, request.id)


def _check_there(reading: Reading, request: AccessRequest) -> None:
    """Nobody is let in who cannot come: that would stand among the assignments, of nobody or of a provider without effect."""
    found = applications.find(reading, request.application)
    if found.access_of(request.provider) is None:
        called = names.by_id(reading, schema.providers, [request.provider])[request.provider]
        raise NotFound(f"{called}, with which {request.name} has asked, is no provider of {found.name} any more",
                       hint="deny the request, or add the provider again")
    users = schema.users.c.id
    if request.provider == providers.BUILTIN and reading.row(sa.select(users).where(users == request.subject)) is None:
        raise NotFound(f"{request.name}, who has asked for {found.name}, is there no more", hint="deny the request")


def deny(tx: Transaction, request: AccessRequest, decider: str, answer: str) -> AccessRequest:
    """Do not. Raises AlreadyThere when it waits no more."""
    _decide(tx, request, DENIED, decider, answer, tx.now)
    return find(tx, request.id)


def _decide(tx: Transaction, request: AccessRequest, state: str, decider: str, answer: str, ends: float) -> None:
    waits = (table.c.id == request.id) & (table.c.state == PENDING) & (table.c.ends > tx.now)
    values = {"state": state, "decider": decider, "answer": answer, "decided": tx.now, "ends": ends}
    if tx.change(sa.update(table).where(waits).values(**values)) != 1:
        raise AlreadyThere(f"the request of {request.name} waits no longer", hint="it was decided, or nobody did in time")


def find(reading: Reading, id_: str) -> AccessRequest:
    """The request of this id. Raises NotFound."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    if row is None:
        raise names.not_found("access request", id_, ())
    return _made(row)


def list_all(
    reading: Reading, *, of: tuple[str, str] | None = None, applications: Collection[str] | None = None
) -> list[AccessRequest]:
    """All requests, the newest first; or those of one provider's subject, or for these applications (ids)."""
    found: list[AccessRequest] = []
    for which in among(table.c.application, applications):
        chosen = sa.select(table).where(which)
        if of is not None:
            chosen = chosen.where((table.c.provider == of[0]) & (table.c.subject == of[1]))
        found += [_made(row) for row in reading.rows(chosen)]
    return sorted(found, key=_newest_first)


def list_page(
    reading: Reading, now: float, page: ListPage | None = None, *, state: str = "", applications: Collection[str] | None = None
) -> list[AccessRequest]:
    """A page of the requests, the newest first, behind the one whose `key` is `after`; all of them without one.

    `state`: one of the four, "" for any; `applications`: only those for these (ids). Raises ConfigError for a wrong `after`.
    """
    chosen = sa.select(table).where(_in_state(state, now))
    if page is not None:
        chosen = chosen.limit(page.limit)
        if page.after is not None:
            created, id_ = place_of(page.after)
            chosen = chosen.where((table.c.created < created) | ((table.c.created == created) & (table.c.id > id_)))
        if page.search:
            chosen = chosen.where(_has(page.search))
    ordered = chosen.order_by(table.c.created.desc(), table.c.id)
    found = [_made(row) for which in among(table.c.application, applications) for row in reading.rows(ordered.where(which))]
    # Each part is in order, and has the first rows of the page; of many applications there are several parts.
    found.sort(key=_newest_first)
    return found if page is None else found[: page.limit]


def _in_state(state: str, now: float) -> sa.ColumnElement[bool]:
    """Whether `AccessRequest.state_at` is this one."""
    if not state:
        return sa.true()
    lasts = table.c.ends > now
    if state == ENDED:
        return table.c.state.in_((PENDING, APPROVED)) & ~lasts
    return table.c.state == state if state == DENIED else (table.c.state == state) & lasts


def _has(text: str) -> sa.ColumnElement[bool]:
    """Whether a text is in a request: in the names of user and application, or in the reason."""
    called = sa.select(schema.applications.c.id).where(has_text(schema.applications.c.name, text))
    inside = [has_text(one, text) for one in (table.c.name, table.c.reason)]
    return sa.or_(*inside, table.c.application.in_(called))


def _newest_first(one: AccessRequest) -> tuple[float, str]:
    return -one.created, one.id


def waiting(reading: Reading, now: float) -> int:
    """How many wait for somebody."""
    waits = (table.c.state == PENDING) & (table.c.ends > now)
    return int(reading.connection.scalar(sa.select(sa.func.count()).select_from(table).where(waits)) or 0)


def purge(tx: Transaction) -> list[tuple[Application, Assignment]]:
    """Forget requests that were over long ago, and assignments that have ended; gives those, with their applications."""
    tx.change(sa.delete(table).where(table.c.ends < tx.now - _KEPT))
    return [(applications.find(tx, id_), one) for id_, one in assignments.end(tx)]


def _made(row: Row) -> AccessRequest:
    return AccessRequest(**{name: row[name] for name in AccessRequest.__dataclass_fields__})
