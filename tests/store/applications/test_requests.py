"""Asking for applications, deciding, and what is given for a time."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.store.applications import applications, asked, assignments, requests
from appproxy.store.applications.asked import AccessAsking
from appproxy.store.database.store import Store
from appproxy.store.people.providers import BUILTIN
from appproxy.store.transaction import Transaction


def asking(tx: Transaction, name: str, who: str = "ann", reason: str = "For  the\naudit") -> AccessAsking:
    """Who asks for it."""
    return AccessAsking(applications.find(tx, name).id, BUILTIN, who, who.title(), reason)


def publish(tx: Transaction, *names: str, requestable: str = "yes") -> None:
    """Applications that may be asked for."""
    for name in names:
        applications.publish(
            tx, name, f"http://{name}/", f"https://{name}.example.com/", settings={"requestable": requestable})


def test_from_asking_to_the_end(store: Store, now: float) -> None:
    """An assignment that the snapshot tells apart from those for good, and that is gone once it has ended."""
    with store.transaction(now) as tx:
        publish(tx, "crm")
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
        with pytest.raises(AlreadyThere, match="nobody did in time"):
            requests.approve(tx, made[1], now + 2 * asked.WAITS, "user:eve", "")
        assert assignments.list_for(tx, "n1") == []
