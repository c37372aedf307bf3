"""Asking for applications, deciding, and what is given for a time."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.store.applications import applications, asked, assignments, recent, requests
from appproxy.store.applications.asked import AccessAsking
from appproxy.store.database.store import Store
from appproxy.store.paging import ListPage
from appproxy.store.people import providers, users
from appproxy.store.people.providers import BUILTIN
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Transaction


def asking(tx: Transaction, name: str, who: str = "ann", reason: str = "For  the\naudit") -> AccessAsking:
    """Who asks for it."""
    return AccessAsking(applications.find(tx, name).id, BUILTIN, who, who.title(), reason)


def publish(tx: Transaction, *names: str, requestable: str = "yes") -> None:
    """Applications that may be asked for."""
    for name in names:
        applications.publish(
            tx, name, f"http://{name}/", f"https://{name}.example.com/", settings={"requestable": requestable})


def people(tx: Transaction, *names: str) -> None:
    """Users, whose ids are their names."""
    for name in names:
        id_ = users.add(tx, name, "").id
        tx.change(sa.update(schema.users).where(schema.users.c.id == id_).values(id=name))


def test_from_asking_to_the_end(store: Store, now: float) -> None:
    """An assignment that the snapshot tells apart from those for good, and that is gone once it has ended."""
    with store.transaction(now) as tx:
        publish(tx, "crm")
        people(tx, "ann")
        made = requests.ask(tx, asking(tx, "crm"))
        assert (made.state_at(now), made.reason, requests.waiting(tx, now)) == ("pending", "For the audit", 1)
        with pytest.raises(AlreadyThere, match="was asked for already"):
            requests.ask(tx, asking(tx, "crm"))
    first = store.build_snapshot()
    with store.transaction(now + 5) as tx:
        given = requests.approve(tx, made, now + 100, "user:bob", "Until Friday")
        assert (given.state_at(now + 6), given.state_at(now + 100)) == ("approved", "ended")
        assert (given.decider, given.answer, given.decided) == ("user:bob", "Until Friday", now + 5)
        assert requests.waiting(tx, now) == 0
        with pytest.raises(AlreadyThere, match="waits no longer"):
            requests.deny(tx, made, "user:eve", "no")
    second = store.build_snapshot(first)
    crm = second.applications[given.application]
    assert crm is not first.applications[crm.id], "whoever uses it is judged again"
    assert (crm.assigned_users, crm.ending_users, crm.ends) == (frozenset(), (("ann", now + 100),), [now + 100])
    assert (second.next_end(now), second.next_end(now + 100)) == (now + 100, float("inf"))
    with store.transaction(now + 100) as tx:
        ((application, gone),) = requests.purge(tx)
        assert (application.name, gone.value, requests.purge(tx), assignments.list_for(tx, "crm")) == ("crm", "ann", [], [])
        assert requests.list_all(tx, of=(BUILTIN, "ann"))[0].id == made.id, "what was, is told for a while"
    with store.transaction(now + 100 + 31 * 86400) as tx:
        requests.purge(tx)
        assert requests.list_all(tx) == []


def test_what_is_for_good_stays_so(store: Store, now: float) -> None:
    """And what ends can be made so."""
    with store.transaction(now) as tx:
        publish(tx, "crm")
        people(tx, "bob", "ann")
        assignments.put(tx, applications.find(tx, "crm").id, assignments.Assignment(BUILTIN, "user", "ann", "ann"))
        requests.approve(tx, requests.ask(tx, asking(tx, "crm")), now + 9, "user:bob", "")
        assert [one.expires for one in assignments.list_for(tx, "crm")] == [0.0]
        requests.approve(tx, requests.ask(tx, asking(tx, "crm", "bob")), now + 9, "user:eve", "")
        id = applications.find(tx, "crm").id
        bob = assignments.Assignment(BUILTIN, "user", "bob", "bob")
        assert assignments.put(tx, id, bob).expires == 0.0 and applications.find(tx, "crm").assigned_users == {"ann", "bob"}


def test_bounds(store: Store, now: float) -> None:
    """Of one user; another's are their own. A no holds for a day, and what nobody decides ends."""
    with store.transaction(now) as tx:
        publish(tx, *(f"n{number}" for number in range(asked.MOST_WAITING + 1)))
        publish(tx, "closed", requestable="no")
        made = [requests.ask(tx, asking(tx, f"n{number}")) for number in range(asked.MOST_WAITING)]
        with pytest.raises(ConfigError, match="10 of your requests wait already"):
            requests.ask(tx, asking(tx, "n10"))
        requests.ask(tx, asking(tx, "n10", "bob"))
        requests.deny(tx, made[0], "user:eve", "no")
        with pytest.raises(AlreadyThere, match="less than a day ago"):
            requests.ask(tx, asking(tx, "n0"))
        with pytest.raises(NotFound, match="no such application that can be asked for"):
            requests.ask(tx, asking(tx, "closed"))
        for reason in ("", " \n", "x" * 501, "a\x07"):
            with pytest.raises(ConfigError, match="reason: 1 to 500 printable"):
                requests.ask(tx, asking(tx, "n10", reason=reason))
    with store.transaction(now + asked.PAUSE) as tx:
        requests.ask(tx, asking(tx, "n0"))
    with store.transaction(now + asked.WAITS) as tx:
        people(tx, "ann")
        with pytest.raises(AlreadyThere, match="nobody did in time"):
            requests.approve(tx, made[1], now + 2 * asked.WAITS, "user:eve", "")
        assert assignments.list_for(tx, "n1") == []


def test_pages_are_in_order(store: Store, now: float) -> None:
    """The newest first, though several are of one moment; by state, by application and by text, whatever comes meanwhile."""
    with store.transaction(now) as tx:
        publish(tx, "crm", "erp")
    for number in range(7):
        with store.transaction(now + number // 3) as tx:
            requests.ask(tx, asking(tx, "erp" if number == 4 else "crm", f"u{number}", "100% sure" if number == 2 else "why"))
    with store.transaction(now + 5) as tx:
        whole = requests.list_page(tx, now + 5)
        assert [(-one.created, one.id) for one in whole] == sorted((-one.created, one.id) for one in whole) and len(whole) == 7
        seen, after = [], None
        while page := requests.list_page(tx, now + 5, ListPage(2, after)):
            seen += page
            after = page[-1].key
            if len(seen) == 2:
                requests.ask(tx, asking(tx, "erp", "late"))
        assert seen == whole, "what has come meanwhile is before them"
        by_name = {one.name: one for one in whole}
        requests.deny(tx, by_name["U1"], "user:eve", "no")
        found = {state: {one.name for one in requests.list_page(tx, now + 5, state=state)} for state in asked.STATES}
        assert found == {
            "pending": {"U0", "U2", "U3", "U4", "U5", "U6", "Late"}, "denied": {"U1"}, "approved": set(), "ended": set()}
        later = {state: len(requests.list_page(tx, now + 3 + asked.WAITS, state=state)) for state in asked.STATES}
        assert later == {"pending": 1, "denied": 1, "approved": 0, "ended": 6}
        erp = applications.find(tx, "erp").id
        assert [one.name for one in requests.list_page(tx, now + 5, applications={erp})] == ["Late", "U4"]
        assert [one.name for one in requests.list_page(tx, now + 5, ListPage(9, search="ERP"))] == ["Late", "U4"]
        assert [one.name for one in requests.list_page(tx, now + 5, ListPage(9, search="0%"))] == ["U2"]
        for wrong in ("", "x", "nan/a", "1.0", "/a"):
            with pytest.raises(ConfigError, match="key of no request"):
                requests.list_page(tx, now, ListPage(2, wrong))


def test_nobody_is_let_in_who_is_gone(store: Store, now: float) -> None:
    """Neither a user who was removed meanwhile, nor those of a provider that the application has left; both can be denied."""
    with store.transaction(now) as tx:
        publish(tx, "crm")
        people(tx, "ann", "bob")
        ann, bob = (requests.ask(tx, asking(tx, "crm", who)) for who in ("ann", "bob"))
        tx.change(sa.delete(schema.users).where(schema.users.c.id == "ann"))
        with pytest.raises(NotFound, match="Ann, who has asked for crm, is there no more"):
            requests.approve(tx, ann, now + 9, "user:eve", "")
        providers.add(tx, "other", "https://other.example", "c", "s")
        applications.set_values(tx, "crm", {"provider": "other"})
        with pytest.raises(NotFound, match="with which Bob has asked, is no provider of crm any more"):
            requests.approve(tx, bob, now + 9, "user:eve", "")
        assert assignments.list_for(tx, "crm") == []
        assert {requests.deny(tx, one, "user:eve", "gone").state for one in (ann, bob)} == {"denied"}


def test_a_user_who_is_removed_is_forgotten(store: Store, now: float) -> None:
    """With what they have asked for, why, and what they have used; nobody else is."""
    with store.transaction(now) as tx:
        publish(tx, "crm")
        people(tx, "ann", "bob")
        crm = applications.find(tx, "crm").id
        for who in ("ann", "bob"):
            requests.ask(tx, asking(tx, "crm", who))
            recent.used(tx, BUILTIN, who, crm)
        users.remove(tx, "ann")
        assert [one.subject for one in requests.list_all(tx)] == ["bob"]
        assert not recent.of(tx, BUILTIN, "ann") and recent.of(tx, BUILTIN, "bob")
