"""What a listing shows of each application: the same as of an application that is read whole."""

from __future__ import annotations

from appproxy.store.applications import applications, assignments
from appproxy.store.applications.summaries import Summary, summaries
from appproxy.store.connectors import groups
from appproxy.store.database.store import Store
from appproxy.store.paging import ListPage
from appproxy.store.people import providers, user_groups, users


def fill(store: Store, now: float) -> None:
    """Applications of every kind that a listing tells apart."""
    with store.transaction(now) as tx:
        groups.add(tx, "lab")
        providers.add(tx, "corp", "https://id.example.com", "c", "secret")
        for name in ("ann", "bob"):
            users.add(tx, name, "hash")
        user_groups.add(tx, "staff")
        applications.publish(tx, "wiki", "http://wiki", "https://wiki.example.com")
        applications.publish(tx, "Mail", "http://mail/in/", "https://mail.example.com/m/", "passthrough", "lab")
        applications.publish(
            tx, "both", "http://b", "https://b.example.com", provider="corp,builtin", assignment_required="no")
        assignments.assign(tx, "wiki", user="ann")
        assignments.assign(tx, "wiki", user="bob", expires=now + 60)
        assignments.assign(tx, "wiki", group="staff", maintainer=True)
        assignments.assign(tx, "both", user="carol")
        assignments.assign(tx, "both", group="staff", provider="builtin")
        applications.set_values(tx, "both", {"provider": "corp"})


def test_each_is_what_the_application_says(store: Store, now: float) -> None:
    """Those alone count that are assigned for good, by a provider that the application has."""
    fill(store, now)
    with store.reading() as reading:
        found = list(summaries(reading))
        assert found == [Summary.of(one) for one in applications.list_all(reading)]
    assert [(one.name, one.assigned, one.assignment_required) for one in found] == [
        ("both", 1, False), ("Mail", 0, True), ("wiki", 2, True)]


def test_pages_and_searches(store: Store, now: float) -> None:
    """As those of applications that are read whole."""
    fill(store, now)
    with store.reading() as reading:
        for page in (ListPage(2), ListPage(2, after="Mail"), ListPage(9, search="B.EXAMPLE"), ListPage(9, search="nobody")):
            assert list(summaries(reading, page)) == [Summary.of(one) for one in applications.list_all(reading, page)]
        assert [one.name for one in summaries(reading, ListPage(2, after="Mail"))] == ["wiki"]
