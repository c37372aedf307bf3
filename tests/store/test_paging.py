"""Pages of every listing that may be long: together they are the whole, and one costs no more than its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.store.applications import applications, assignments
from appproxy.store.connectors import connectors, groups, join_tokens
from appproxy.store.connectors.connectors import Shown
from appproxy.store.database.store import Store
from appproxy.store.machines import clients, native_clients, service_tokens
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.machines.service_tokens import NewToken
from appproxy.store.paging import ListPage, among
from appproxy.store.people import user_groups, users
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SignInResult
from appproxy.store.policies import documents
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.tables.core import users as users_table
from appproxy.store.transaction import Reading, Row, Transaction, Values

#: In no order, and some that languages sort in another one than their code points.
NAMES = ["zebra", "Apple", "äpfel", "apple 2", "Zürich", "_x", "B", "a-b", "ab", "éclair", "Eclair 2", "straße"]


@dataclass(slots=True)
class Counting(Reading):
    """One that counts the rows that it was given."""

    counted: list[int] = field(default_factory=list)

    def rows(self, statement: sa.Select[Any], values: Values = None) -> Sequence[Row]:
        found = Reading.rows(self, statement, values)
        self.counted.append(len(found))
        return found


def fill(tx: Transaction, number: int) -> None:
    """One of each, `number` in the name; everything belongs to one application, `wiki`."""
    name = NAMES[number] if number < len(NAMES) else f"n{number}"
    if number == 0:
        applications.publish(tx, "wiki", "http://w/", "https://wiki.example.com")
    wiki = applications.find(tx, "wiki").id
    user = users.add(tx, f"u{number * 7 % 101}.{number}", "hash", groups=[name])
    applications.publish(tx, name, "http://w/", f"https://a{number}.example.com")
    assignments.assign(tx, "wiki", user=user.name)
    assignments.assign(tx, "wiki", group=name)
    assignments.assign(tx, name, user=user.name)
    connectors.enrol(tx, tx.new_id(), name, groups.DEFAULT, Shown("1", 0.0, tx.now + 9.0))
    join_tokens.new_token(tx, groups.DEFAULT, 1, tx.now + 60.0)
    service_tokens.add(tx, NewToken(name, [wiki], tx.now + 60.0))
    native_clients.add(tx, name, [wiki], ["http://127.0.0.1/"])
    clients.add(tx, name, ClientChanges(redirect_uris=["https://x.example/"]))
    documents.put(tx, DocumentKind.POLICY, name, {"state": "off"})
    documents.put(tx, DocumentKind.LOCATION, name, {"networks": []})
    session_rows.begin(tx, SignInResult(
        id=f"{number * 7 % 101:03}", provider="builtin", subject=f"s{number}", issuer="https://i", name=name, sid="",
        expires=tx.now + 60.0, address="", client="", auth_time=tx.now, amr=(), acr="", id_token="", refresh_token="",
        refresh_at=0.0, claims={}, application=wiki))


LISTINGS: dict[str, tuple[Callable[[Reading, ListPage | None], Sequence[Any]], Callable[[Any], str]]] = {
    "users": (users.list_all, lambda one: one.name),
    "groups": (user_groups.list_all, lambda one: one.name),
    "applications": (applications.list_all, lambda one: one.name),
    "connectors": (connectors.list_all, lambda one: one.id),
    "join tokens": (join_tokens.list_all, lambda one: one.id),
    "service tokens": (service_tokens.list_all, lambda one: one.name),
    "native clients": (native_clients.list_all, lambda one: one.name),
    "clients": (clients.list_all, lambda one: one.name),
    "assignments": (
        lambda reading, page: assignments.list_page(reading, applications.find_id(reading, "wiki"), page),
        lambda one: one.key),
    "policies": (
        lambda reading, page: documents.list_all(reading, DocumentKind.POLICY, page), lambda one: one.name),
    "sessions": (lambda reading, page: session_rows.list_all(reading, 0.0, page=page), lambda one: one.id),
}
every_listing = pytest.mark.parametrize("name", LISTINGS)


@every_listing
def test_pages_together_are_the_whole(store: Store, now: float, name: str) -> None:
    """In one order, each row once and as it is in the whole, however the database sorts."""
    list_all, key = LISTINGS[name]
    with store.transaction(now) as tx:
        for number in range(len(NAMES)):
            fill(tx, number)
    with store.reading() as reading:
        found: list[Any] = []
        while page := list_all(reading, ListPage(5, key(found[-1]) if found else None)):
            assert len(page) <= 5
            found += page
        whole = list_all(reading, None)
    assert len(found) == len(whole) >= len(NAMES)
    assert {key(one): one for one in found} == {key(one): one for one in whole}


@every_listing
def test_a_page_reads_its_own_rows_alone(store: Store, now: float, name: str) -> None:
    """As many with fifty as with a dozen of everything."""
    list_all, key = LISTINGS[name]
    read: list[int] = []
    for numbers in (range(12), range(12, 50)):
        with store.transaction(now) as tx:
            for number in numbers:
                fill(tx, number)
        with store.reading() as reading:
            first = list_all(reading, ListPage(3))
            counting = Counting(reading.connection, reading.sealer)
            list_all(counting, ListPage(4, key(first[-1])))
        read.append(sum(counting.counted))
    assert read[0] == read[1]


def test_a_condition_takes_as_many_values_as_there_are(store: Store, now: float) -> None:
    """In several statements where one would have too many; none for no values, and one without a condition for all."""
    with store.transaction(now) as tx:
        ids = [users.add(tx, f"u{number}", "hash").id for number in range(3)]
    column = users_table.c.id
    assert len(list(among(column, (str(number) for number in range(1001))))) == 3
    assert list(among(column, [])) == []
    with store.reading() as reading:
        def found(wanted: list[str] | None) -> list[str]:
            return sorted(row["id"] for which in among(column, wanted) for row in reading.rows(
                sa.select(users_table).where(which)))

        assert found(None) == sorted(ids) == found([*ids, *ids])
        assert found(ids[:1]) == ids[:1] and found([]) == []
