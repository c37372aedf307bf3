"""Machines that wait until somebody allows them."""

from __future__ import annotations

from dataclasses import replace

from appproxy.store.database.store import Store
from appproxy.store.machines import waiting_machines
from appproxy.store.machines.waiting_machines import INTERVAL, LIFETIME, MachinePurpose, NewWaitingMachine

SESSION = {"i": "s1", "u": "ann", "m": ["pwd"]}
LAPTOP = NewWaitingMachine(MachinePurpose.ADMINISTER, "laptop", "", "192.0.2.1")
SITE = NewWaitingMachine(MachinePurpose.JOIN, "site", "lab", "192.0.2.2")


def test_a_machine_is_allowed_once_and_gets_it_once(store: Store, now: float) -> None:
    """Whoever types its code finds it until then; with a part of the code, or of the device code, nobody does."""
    with store.transaction(now) as tx:
        secret, made = waiting_machines.new(tx, SITE)
        assert (made.purpose, made.name, made.group, made.address) == (MachinePurpose.JOIN, "site", "lab", "192.0.2.2")
        assert (made.session, made.denied, made.polled, made.created, made.expires) == (None, False, 0.0, now, now + LIFETIME)
        assert waiting_machines.of_user(tx, made.shown.lower(), now) == made
        assert waiting_machines.of_user(tx, made.user_code[:-1], now) is None
        assert waiting_machines.of_device(tx, made.id) is None is waiting_machines.of_device(tx, secret[:-1])
        assert waiting_machines.id_of_device(tx, secret, now) == made.id
        assert not waiting_machines.take(tx, made.id)
        assert waiting_machines.decide(tx, made.id, SESSION, "g1")
        assert not waiting_machines.decide(tx, made.id, None) and not waiting_machines.decide(tx, made.id, {"u": "eve"})
        assert waiting_machines.of_user(tx, made.user_code, now) is None
        found = waiting_machines.of_device(tx, secret)
        assert found is not None and (found.session, found.group, found.denied) == (SESSION, "g1", False)
        assert waiting_machines.take(tx, made.id) and not waiting_machines.take(tx, made.id)
        assert waiting_machines.of_device(tx, secret) is None


def test_one_that_is_not_wanted(store: Store, now: float) -> None:
    """Hears so, and gets nothing; nobody decides a second time, and its code is nobody's any more."""
    with store.transaction(now) as tx:
        secret, made = waiting_machines.new(tx, LAPTOP)
        _, other = waiting_machines.new(tx, LAPTOP)
        assert waiting_machines.decide(tx, made.id, None) and not waiting_machines.decide(tx, made.id, SESSION)
        found = waiting_machines.of_device(tx, secret)
        assert found is not None and found.denied and found.session is None and not waiting_machines.take(tx, made.id)
        assert waiting_machines.of_user(tx, made.user_code, now) is None
        assert waiting_machines.of_user(tx, other.user_code, now) == other


def test_it_waits_for_so_long(store: Store, now: float) -> None:
    """At the end of its time it is nobody's: neither found, nor decided, nor asked for."""
    with store.transaction(now) as tx:
        secret, made = waiting_machines.new(tx, LAPTOP)
    late = now + LIFETIME
    with store.transaction(late - 1) as tx:
        assert waiting_machines.of_user(tx, made.user_code, late - 1) is not None
        assert waiting_machines.of_device(tx, secret) is not None
    with store.transaction(late) as tx:
        assert waiting_machines.of_user(tx, made.user_code, late) is None and waiting_machines.of_device(tx, secret) is None
        assert not waiting_machines.decide(tx, made.id, SESSION) and waiting_machines.id_of_device(tx, secret, late) is None


def test_a_question_is_remembered(store: Store, now: float) -> None:
    """One that comes too soon is known as such, by when it was asked before; a second early is in time."""
    with store.transaction(now) as tx:
        secret, _ = waiting_machines.new(tx, LAPTOP)
        first = waiting_machines.of_device(tx, secret)
    assert first is not None and first.polled == 0.0 and not first.asks_too_often(now)
    with store.transaction(now + 2) as tx:
        second = waiting_machines.of_device(tx, secret)
    assert second is not None and second.polled == now
    assert second.asks_too_often(now + INTERVAL - 1.1) and not second.asks_too_often(now + INTERVAL - 1.0)
    with store.transaction(now + 9) as tx:
        third = waiting_machines.of_device(tx, secret)
    assert third is not None and third.polled == now + 2


def test_what_it_says_of_itself_is_cut(store: Store, now: float) -> None:
    """To something that fits into a page and a line of the log."""
    with store.transaction(now) as tx:
        _, made = waiting_machines.new(tx, NewWaitingMachine(
            MachinePurpose.JOIN, " a\n\x1b[1mb" + "x" * 200, "\u202egroup ", "1" * 100))
    assert made.name == "a[1mb" + "x" * 95 and made.group == "group" and made.address == "1" * 64


def test_codes_are_told_apart(store: Store, now: float) -> None:
    """What is printed of one tells no session."""
    with store.transaction(now) as tx:
        pairs = [waiting_machines.new(tx, LAPTOP) for _ in range(5)]
    assert len({secret for secret, _ in pairs} | {made.user_code for _, made in pairs}) == 10
    assert "ann" not in repr(replace(pairs[0][1], session=SESSION))
