"""Devices that wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import RequestError
from appproxy.store.database.store import Store
from appproxy.store.machines import device_codes, native_clients, waiting_places
from appproxy.store.machines.device_codes import INTERVAL, LIFETIME, SIGNS, typed
from tests.store.machines.test_service_tokens import publish

SESSION = {"i": "s1", "u": "ann", "a": 1.0, "m": ["pwd"]}


def test_a_device_waits_until_somebody_allows_it(store: Store, now: float) -> None:
    """Its code is found by what the user types, once; then the device has a session."""
    with store.transaction(now) as tx:
        client = native_clients.add(tx, "Tool", publish(tx), [], device_codes=True)
        secret, made = device_codes.new(tx, client.id, "openid", "https://wiki.example.com/")
        assert set(made.user_code) <= set(SIGNS) and made.shown == f"{made.user_code[:4]}-{made.user_code[4:]}"
        assert device_codes.of_user(tx, typed(made.shown.lower()), now) == made == device_codes.find(tx, made.id, now)
        assert device_codes.of_device(tx, secret) == made and device_codes.of_device(tx, made.id) is None
        assert device_codes.decide(tx, made.id, SESSION) and not device_codes.decide(tx, made.id, None)
        found = device_codes.of_device(tx, secret)
        assert found is not None and found.session == SESSION and not found.denied
        assert device_codes.of_user(tx, made.user_code, now) is None
        device_codes.take(tx, made.id)
        assert device_codes.of_device(tx, secret) is None


def test_what_a_device_asks_of_the_sign_in(store: Store, now: float) -> None:
    """Is kept with it; and most ask for nothing."""
    asked = {"acr_values": "urn:appproxy:acr:mfa", "max_age": "300"}
    with store.transaction(now) as tx:
        client = native_clients.add(tx, "Tool", publish(tx), [], device_codes=True)
        made = [device_codes.new(tx, client.id, "", "x", one)[1] for one in (asked, {}, None)]
        assert [device_codes.find(tx, one.id, now) for one in made] == made
    assert [one.asked for one in made] == [asked, {}, {}]


def test_denied_and_too_late(store: Store, now: float) -> None:
    """Nobody decides twice, or after ten minutes."""
    with store.transaction(now) as tx:
        client = native_clients.add(tx, "Tool", publish(tx), [], device_codes=True)
        secret, denied = device_codes.new(tx, client.id, "", "x")
        _, late = device_codes.new(tx, client.id, "", "x")
        assert device_codes.decide(tx, denied.id, None) and not device_codes.decide(tx, denied.id, SESSION)
        found = device_codes.of_device(tx, secret)
        assert found is not None and found.denied
        device_codes.polled(tx, denied.id)
        found = device_codes.of_device(tx, secret)
        assert found is not None and found.polled == now and INTERVAL > 0
    with store.transaction(now + LIFETIME) as tx:
        assert device_codes.of_user(tx, late.user_code, now + LIFETIME) is None
        assert not device_codes.decide(tx, late.id, SESSION)
        device_codes.new(tx, client.id, "", "x")
    with store.transaction(now + LIFETIME + 1) as tx:
        device_codes.new(tx, client.id, "", "x")
        assert device_codes.of_device(tx, secret) is None


def test_only_so_many_wait(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes them up fills no database."""
    monkeypatch.setattr(waiting_places, "MOST", 3)
    monkeypatch.setattr(waiting_places, "_AT_ONCE", 1)
    with store.transaction(now) as tx:
        client = native_clients.add(tx, "Tool", publish(tx), [], device_codes=True)
        made = [device_codes.new(tx, client.id, "", "x", None, address)[1] for address in ("192.0.2.1", *["192.0.2.7"] * 5)]
        left = [one for one in made if device_codes.find(tx, one.id, now) is not None]
        assert len(left) == 3 and made[0] in left
        for one in left:
            device_codes.decide(tx, one.id, SESSION)
        with pytest.raises(RequestError):
            device_codes.new(tx, client.id, "", "x")


@given(st.text(max_size=30))
def test_whatever_is_typed(text: str) -> None:
    """Only signs of codes count, and never more than one too many."""
    assert set(typed(text)) <= set(SIGNS) and len(typed(text)) <= 9
