"""Who may ask for which role, and what was asked for."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere, NotFound
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.roles import assignments, entitlements
from appproxy.store.roles.assignments import Holder
from appproxy.store.roles.entitlements import ACTIVE, DENIED, ENDED, PENDING, WAITS, Asking, RoleRequest
from appproxy.store.snapshot import BUILTIN, Entitlement
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.transaction import Transaction

ANN, STAFF = Holder(BUILTIN, USER, "u1", "ann"), Holder(BUILTIN, GROUP, "g1", "staff")
DAY = 86400.0


def entitled(
    tx: Transaction, holder: Holder = ANN, role: str = "reader", application: str = "", longest: float = 3600.0,
    approval: bool = True, expires: float = 0.0,
) -> Entitlement:
    """Somebody may ask."""
    return entitlements.entitle(tx, role, holder, application, longest, approval, expires)


def asked(tx: Transaction, of: Entitlement, subject: str = "u1", seconds: float = 600.0) -> RoleRequest:
    """Somebody asks."""
    return entitlements.ask(tx, of, Asking(BUILTIN, subject, subject.upper(), "why", seconds))


def test_terms_of_an_entitlement(store: Store, now: float) -> None:
    """Again they are others, and it is the same; for another role, holder or application it is another."""
    with store.transaction(now) as tx:
        wiki = applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/").id
        first = entitled(tx)
        assert (first.role, first.holder, first.longest, first.approval, first.created, first.expires, first.application) == (
            "reader", (BUILTIN, USER, "u1"), 3600.0, True, now, 0.0, "")
        again = entitled(tx, longest=60.0, approval=False, expires=now + 5)
        assert (again.id, again.longest, again.approval, again.expires) == (first.id, 60.0, False, now + 5)
        others = {entitled(tx, STAFF).id, entitled(tx, role="auditor").id, entitled(tx, application=wiki).id}
        assert len(others | {first.id}) == 4 == len(entitlements.list_all(tx)) and entitlements.find(tx, first.id) == again
        with pytest.raises(NotFound):
            entitlements.find(tx, "gone")


def test_who_may_ask_now(store: Store, now: float) -> None:
    """Directly or by a group, and until it ends."""
    with store.transaction(now) as tx:
        mine, groups = entitled(tx, expires=now + 60), entitled(tx, STAFF)
        entitled(tx, Holder(BUILTIN, USER, "u2", "bob"))
        holders = [(BUILTIN, USER, "u1"), (BUILTIN, GROUP, "g1"), ("corp", USER, "u2")]
        assert {one.id for one in entitlements.of(tx, holders, now + 59)} == {mine.id, groups.id}
        assert [one.id for one in entitlements.of(tx, holders, now + 60)] == [groups.id]


def test_what_was_taken_away_is_had_no_more(store: Store, now: float) -> None:
    """Nor asked for; what others have by another entitlement stays."""
    with store.transaction(now) as tx:
        mine, theirs = entitled(tx), entitled(tx, STAFF)
        for one in (mine, theirs):
            entitlements.grant(tx, asked(tx, one), one, "user:boss")
        asked(tx, mine, "u9")
        assert entitlements.withdraw(tx, "reader", ANN, "").id == mine.id
        assert [one.entitlement for one in assignments.list_all(tx)] == [theirs.id]
        assert [one.entitlement for one in entitlements.list_requests(tx)] == [theirs.id]
        with pytest.raises(NotFound, match="there is no user entitled to the role reader: 'ann'"):
            entitlements.withdraw(tx, "reader", ANN, "")


def test_one_request_at_a_time(store: Store, now: float) -> None:
    """While it waits, and while the role is had; afterwards, when it was denied or nobody has decided, again."""
    with store.transaction(now) as tx:
        mine, other = entitled(tx), entitled(tx, role="auditor")
        first = asked(tx, mine)
        assert (first.state, first.decider, first.created, first.ends, first.seconds, first.reason, first.name) == (
            PENDING, "", now, now + WAITS, 600.0, "why", "U1")
        with pytest.raises(AlreadyThere, match="you have asked already, and somebody has to approve"):
            asked(tx, mine)
        asked(tx, mine, "u2")
        asked(tx, other)
        entitlements.grant(tx, first, mine, "")
        with pytest.raises(AlreadyThere, match="you have it already"):
            asked(tx, mine)
    with store.transaction(now + 600) as tx:
        second = asked(tx, mine)
        assert entitlements.deny(tx, second, "user:boss").state == DENIED
        third = asked(tx, mine)
    with store.transaction(now + 600 + WAITS) as tx:
        assert asked(tx, mine).id != third.id


@pytest.mark.parametrize(("longest", "expires", "lasts"), [
    (3600.0, 0.0, 600.0), (500.0, 0.0, 500.0), (3600.0, 300.0, 300.0), (3600.0, 900.0, 600.0)])
def test_how_long_it_is_had(store: Store, now: float, longest: float, expires: float, lasts: float) -> None:
    """As long as was asked for, and no longer than it may be, or than the entitlement lasts."""
    with store.transaction(now) as tx:
        mine = entitled(tx, longest=longest, expires=now + expires if expires else 0.0)
        granted = entitlements.grant(tx, asked(tx, mine), mine, "user:boss")
        assert (granted.state, granted.decider, granted.ends) == (ACTIVE, "user:boss", now + lasts)
        (had,) = assignments.list_all(tx)
        assert (had.role, had.value, had.kind, had.expires, had.entitlement, had.through) == (
            "reader", "u1", USER, now + lasts, mine.id, "")


def test_by_which_group_it_is_had(store: Store, now: float) -> None:
    """It goes with the membership."""
    with store.transaction(now) as tx:
        groups = entitled(tx, STAFF)
        entitlements.grant(tx, asked(tx, groups, "u7"), groups, "")
        (had,) = assignments.list_all(tx)
    assert (had.kind, had.value, had.through) == (USER, "u7", "g1")


def test_it_is_decided_once(store: Store, now: float) -> None:
    """And in time; who decides later is told."""
    with store.transaction(now) as tx:
        mine = entitled(tx)
        first, late = asked(tx, mine), asked(tx, mine, "u2")
        denied = entitlements.deny(tx, first, "user:boss")
        assert (denied.state, denied.decider, denied.ends) == (DENIED, "user:boss", now + WAITS)
        for again in (lambda: entitlements.grant(tx, first, mine, ""), lambda: entitlements.deny(tx, first, "")):
            with pytest.raises(AlreadyThere, match="the request of U1 waits no longer"):
                again()
    with store.transaction(now + WAITS) as tx:
        with pytest.raises(AlreadyThere, match="the request of U2 waits no longer"):
            entitlements.grant(tx, late, mine, "")
        assert assignments.list_all(tx) == []


@pytest.mark.parametrize(("state", "before", "after"), [(PENDING, PENDING, ENDED), (ACTIVE, ACTIVE, ENDED), (DENIED, DENIED,
    DENIED)])
def test_states_end_by_themselves(store: Store, now: float, state: str, before: str, after: str) -> None:
    """But what was denied stays denied."""
    one = RoleRequest("r", "e", BUILTIN, "u1", "ann", "", 60.0, state, "", now, now + 60.0)
    assert (one.state_at(now + 59.9), one.state_at(now + 60.0)) == (before, after)


def test_requests_are_listed(store: Store, now: float) -> None:
    """The newest first, or those of one subject of one provider."""
    with store.transaction(now) as tx:
        mine = entitled(tx)
        first = asked(tx, mine)
    with store.transaction(now + 1) as tx:
        second = asked(tx, mine, "u2")
        assert [one.id for one in entitlements.list_requests(tx)] == [second.id, first.id]
        assert entitlements.list_requests(tx, (BUILTIN, "u1")) == [first] and entitlements.list_requests(tx, ("corp",
            "u1")) == []
        assert entitlements.find_request(tx, first.id) == first
        with pytest.raises(NotFound):
            entitlements.find_request(tx, "gone")


def test_what_they_would_come_to(store: Store, now: float) -> None:
    """As if all were had that may be asked for."""
    with store.transaction(now) as tx:
        (one,) = entitlements.as_assignments([entitled(tx, STAFF, expires=now + 5)])
    assert (one.role, one.provider, one.kind, one.value, one.created, one.expires) == ("reader", BUILTIN, GROUP, "g1", now,
        now + 5)


def test_what_is_forgotten(store: Store, now: float) -> None:
    """A month after it was over; what has no end stays."""
    with store.transaction(now) as tx:
        lasting, ending = entitled(tx), entitled(tx, STAFF, expires=now + 60)
        asked(tx, lasting)
    with store.transaction(now + 60 + 30 * DAY) as tx:
        entitlements.purge(tx)
        assert len(entitlements.list_all(tx)) == 2 and len(entitlements.list_requests(tx)) == 1
    with store.transaction(now + 61 + 30 * DAY) as tx:
        entitlements.purge(tx)
        assert [one.id for one in entitlements.list_all(tx)] == [lasting.id] and ending.id != lasting.id
        assert len(entitlements.list_requests(tx)) == 1
    with store.transaction(now + WAITS + 30 * DAY + 1) as tx:
        entitlements.purge(tx)
        assert entitlements.list_requests(tx) == []
