"""A flood of machines that wait leaves room for all others, of both kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from appproxy.errors import RequestError
from appproxy.store.database.store import Store
from appproxy.store.machines import device_codes, native_clients, waiting_machines, waiting_places
from appproxy.store.machines.waiting_machines import MachinePurpose, NewWaitingMachine
from appproxy.store.tables import machines as machine_tables
from appproxy.store.tables import roles as role_tables
from appproxy.store.transaction import Transaction
from tests.store.machines.test_service_tokens import publish


@dataclass
class Kind:
    """One kind: its table, how one begins to wait (which gives its id), and how somebody allows it."""

    table: sa.Table
    new: Callable[[Transaction, str], str]
    allow: Callable[[Transaction, str], bool]


@pytest.fixture(params=["device_codes", "waiting_machines"])
def kind(request: pytest.FixtureRequest, store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """Both, with fewer places."""
    monkeypatch.setattr(waiting_places, "MOST", 20)
    monkeypatch.setattr(waiting_places, "_AT_ONCE", 2)
    if request.param == "waiting_machines":
        return Kind(
            role_tables.waiting_machines,
            lambda tx, address: waiting_machines.new(
                tx, NewWaitingMachine(MachinePurpose.ADMINISTER, "x", "", address))[1].id,
            lambda tx, id_: waiting_machines.decide(tx, id_, {"a": 1}))
    with store.transaction(now) as tx:
        client = native_clients.add(tx, "Tool", publish(tx), [], device_codes=True).id
    return Kind(
        machine_tables.device_codes, lambda tx, address: device_codes.new(tx, client, "", "x", None, address)[1].id,
        lambda tx, id_: device_codes.decide(tx, id_, {"a": 1}))


def ids(tx: Transaction, kind: Kind) -> set[str]:
    """Of those that wait."""
    return {row["id"] for row in tx.rows(sa.select(kind.table.c.id))}


def test_a_flood_takes_no_places_of_others(store: Store, now: float, kind: Kind) -> None:
    """From however many addresses of one network; its own oldest give way, and one that was allowed does not."""
    with store.transaction(now) as tx:
        early = kind.new(tx, "192.0.2.1")
    with store.transaction(now + 1) as tx:
        allowed = kind.new(tx, "198.51.100.200")
        assert kind.allow(tx, allowed)
    flood = []
    for number in range(60):
        with store.transaction(now + 2 + number / 100) as tx:
            flood.append(kind.new(tx, f"198.51.100.{number}"))
    with store.transaction(now + 3) as tx:
        late = kind.new(tx, "203.0.113.1")
        left = ids(tx, kind)
        assert {early, allowed, late, flood[-1]} <= left and flood[0] not in left and len(left) <= 20


def test_who_was_allowed_gives_no_way(store: Store, now: float, kind: Kind) -> None:
    """Where all were, there is room for nobody until they come for it."""
    with store.transaction(now) as tx:
        assert all(kind.allow(tx, kind.new(tx, "192.0.2.1")) for _ in range(20))
        with pytest.raises(RequestError, match="wait"):
            kind.new(tx, "203.0.113.1")
