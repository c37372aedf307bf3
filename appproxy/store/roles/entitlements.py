"""Who may ask for which role, and what was asked for: a role that is asked for is had for a time, and ends by itself.

What a role may, and who may give it, is not known here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import AlreadyThere
from appproxy.store import names
from appproxy.store.roles import assignments
from appproxy.store.roles.assignments import Holder
from appproxy.store.snapshot import Entitlement, RoleAssignment
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.tables.roles import role_entitlements as table
from appproxy.store.tables.roles import role_requests as requests
from appproxy.store.transaction import Reading, Row, Transaction

#: Seconds for which a request waits for somebody to approve it: over a weekend.
WAITS = 3 * 86400.0
#: Seconds for which one is listed that is over.
_KEPT = 30 * 86400.0
PENDING, ACTIVE, DENIED, ENDED = "pending", "active", "denied", "ended"


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """What was asked for. `seconds`: for how long; `decider`: who has approved or denied it, as the audit names them, "" for
    nobody; `ends`: when the role ends, or while it waits the request, in seconds since 1970.
    """

    id: str
    entitlement: str
    provider: str
    subject: str
    name: str
    reason: str
    seconds: float
    state: str
    decider: str
    created: float
    ends: float

    def state_at(self, now: float) -> str:
        """One of the four states."""
        return ENDED if self.state in (PENDING, ACTIVE) and self.ends <= now else self.state


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a role, for how many seconds, and why."""

    provider: str
    subject: str
    name: str
    reason: str
    seconds: float


def entitle(
    tx: Transaction, role: str, holder: Holder, application: str, longest: float, approval: bool, expires: float
) -> Entitlement:
    """Let somebody ask for a role; who may already gets these terms, for what is asked from now on."""
    values = {"longest": longest, "approval": approval, "expires": expires}
    there = _row(tx, role, holder, application)
    id_ = tx.new_id() if there is None else there["id"]
    if there is None:
        tx.change(sa.insert(table).values(
            id=id_, role=role, provider=holder.provider, kind=holder.kind, value=holder.value, application=application or None,
            created=tx.now, **values))
    else:
        tx.change(sa.update(table).where(table.c.id == id_).values(**values))
    return find(tx, id_)


def withdraw(tx: Transaction, role: str, holder: Holder, application: str) -> Entitlement:
    """Let them ask no more; what they have by it ends now. Raises NotFound."""
    there = _row(tx, role, holder, application)
    if there is None:
        raise names.not_found(f"{holder.kind} entitled to the role {role}:", holder.label, ())
    assignments.deactivate(tx, there["id"])
    tx.change(sa.delete(requests).where(requests.c.entitlement == there["id"]))
    tx.change(sa.delete(table).where(table.c.id == there["id"]))
    return _made(there)


def find(reading: Reading, id_: str) -> Entitlement:
    """The entitlement of this id. Raises NotFound."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    if row is None:
        raise names.not_found("entitlement", id_, ())
    return _made(row)


def list_all(reading: Reading) -> list[Entitlement]:
    """All of them, those that have ended too, by role and age."""
    return [_made(row) for row in reading.rows(sa.select(table).order_by(table.c.role, table.c.created, table.c.id))]


def of(reading: Reading, holders: Collection[tuple[str, str, str]], now: float) -> list[Entitlement]:
    """What these may ask for now; each a provider, a kind and a value."""
    return [one for one in list_all(reading) if one.holds(now) and one.holder in holders]


def ask(tx: Transaction, entitlement: Entitlement, asking: Asking) -> RoleRequest:
    """Write a request down. Raises AlreadyThere while one waits, or the role is had: it would be longer than it may be."""
    mine = (requests.c.entitlement == entitlement.id) & (requests.c.subject == asking.subject) & (requests.c.ends > tx.now)
    there = tx.row(sa.select(requests).where(mine & requests.c.state.in_((PENDING, ACTIVE))))
    if there is not None:
        why = "you have it already" if there["state"] == ACTIVE else "you have asked already, and somebody has to approve"
        raise AlreadyThere(f"role {entitlement.role}: {why}", hint="ask again when it has ended")
    id_ = tx.new_id()
    tx.change(sa.insert(requests).values(
        id=id_, entitlement=entitlement.id, provider=asking.provider, subject=asking.subject, name=asking.name,
        reason=asking.reason, seconds=asking.seconds, state=PENDING, decider="", created=tx.now, ends=tx.now + WAITS))
    return find_request(tx, id_)


def grant(tx: Transaction, request: RoleRequest, entitlement: Entitlement, decider: str) -> RoleRequest:
    """Give what was asked for, from now on. `decider`: "" where nobody has to approve. Raises AlreadyThere when it waits no
    more.
    """
    ends = tx.now + min(request.seconds, entitlement.longest)
    if entitlement.expires:
        ends = min(ends, entitlement.expires)
    _decide(tx, request, ACTIVE, decider, ends)
    holder = Holder(entitlement.provider, USER, request.subject, request.name)
    through = entitlement.value if entitlement.kind == GROUP else ""
    assignments.activate(tx, entitlement.role, holder, entitlement.application, ends, (entitlement.id, through))
    return find_request(tx, request.id)


def deny(tx: Transaction, request: RoleRequest, decider: str) -> RoleRequest:
    """Do not. Raises AlreadyThere when it waits no more."""
    _decide(tx, request, DENIED, decider, request.ends)
    return find_request(tx, request.id)


def end(tx: Transaction, request: RoleRequest) -> RoleRequest:
    """End what is had by a request, or the request while it waits, now. Raises AlreadyThere where it is over."""
    goes_on = (requests.c.id == request.id) & requests.c.state.in_((PENDING, ACTIVE)) & (requests.c.ends > tx.now)
    if tx.change(sa.update(requests).where(goes_on).values(state=ENDED, ends=tx.now)) != 1:
        raise AlreadyThere(f"the request of {request.name} is over", hint="appproxy role requests says which are not")
    assignments.deactivate(tx, request.entitlement, (request.provider, request.subject))
    return find_request(tx, request.id)


def _decide(tx: Transaction, request: RoleRequest, state: str, decider: str, ends: float) -> None:
    waits = (requests.c.id == request.id) & (requests.c.state == PENDING) & (requests.c.ends > tx.now)
    if tx.change(sa.update(requests).where(waits).values(state=state, decider=decider, ends=ends)) != 1:
        raise AlreadyThere(f"the request of {request.name} waits no longer", hint="it was decided, or nobody did in time")


def find_request(reading: Reading, id_: str) -> RoleRequest:
    """The request of this id. Raises NotFound."""
    row = reading.row(sa.select(requests).where(requests.c.id == id_))
    if row is None:
        raise names.not_found("role request", id_, ())
    return _request(row)


def list_requests(reading: Reading, of_: tuple[str, str] | None = None) -> list[RoleRequest]:
    """All requests, the newest first; or those of one provider's subject."""
    chosen = sa.select(requests).order_by(requests.c.created.desc(), requests.c.id)
    if of_ is not None:
        chosen = chosen.where((requests.c.provider == of_[0]) & (requests.c.subject == of_[1]))
    return [_request(row) for row in reading.rows(chosen)]


def as_assignments(found: Collection[Entitlement]) -> list[RoleAssignment]:
    """What they would come to, for as long as they can be asked for."""
    return [
        RoleAssignment(one.id, one.role, one.provider, one.kind, one.value, one.application, one.created, one.expires)
        for one in found
    ]


def purge(tx: Transaction) -> None:
    """Forget requests that were over long ago, and entitlements that have ended."""
    tx.change(sa.delete(requests).where(requests.c.ends < tx.now - _KEPT))
    tx.change(sa.delete(table).where((table.c.expires > 0.0) & (table.c.expires < tx.now - _KEPT)))


def _row(reading: Reading, role: str, holder: Holder, application: str) -> Row | None:
    same = (
        (table.c.role == role) & (table.c.provider == holder.provider) & (table.c.kind == holder.kind)
        & (table.c.value == holder.value)
        & (table.c.application == application if application else table.c.application.is_(None))
    )
    return reading.row(sa.select(table).where(same))


def _made(row: Row) -> Entitlement:
    return Entitlement(
        row["id"], row["role"], row["provider"], row["kind"], row["value"], row["application"] or "", row["longest"],
        bool(row["approval"]), row["created"], row["expires"])


def _request(row: Row) -> RoleRequest:
    return RoleRequest(**{name: row[name] for name in RoleRequest.__dataclass_fields__})
