"""Native clients in the store."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere, ConfigError
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.machines import device_codes, native_clients
from appproxy.store.names import NotFound
from tests.store.machines.test_service_tokens import publish

GOOD = ["https://app.example.com/callback", "http://127.0.0.1/callback", "http://[::1]:8080/cb", "http://localhost/cb",
        "com.example.app:/callback"]


def test_the_life_of_a_client(store: Store, now: float) -> None:
    """Registered, in the snapshot, and gone."""
    with store.transaction(now) as tx:
        ids = publish(tx)
        made = native_clients.add(tx, "Tool", ids, GOOD)
        with pytest.raises(AlreadyThere):
            native_clients.add(tx, "tool", ids, GOOD)
    snapshot = store.build_snapshot()
    assert snapshot.native_clients == {made.id: made} and not made.device_codes
    assert made.redirect_uris == tuple(GOOD) and made.applications == set(ids)
    with store.transaction(now) as tx:
        applications.remove(tx, "wiki")
        assert native_clients.find(tx, "TOOL").applications == frozenset()
        native_clients.remove(tx, "tool")
        with pytest.raises(NotFound):
            native_clients.find(tx, made.id)
    assert store.build_snapshot(snapshot).native_clients == {}


@pytest.mark.parametrize("uri", [
    "", "x", "http://app.example.com/cb", "http://127.0.0.1.evil.example/", "javascript:alert(1)", "data:text/html,x",
    "app:/cb", "https://", "https:///cb", "https://u@app.example.com/", "https://app.example.com/#x",
    "https://app.example.com/ x", "http://127.0.0.1:99999/", "file:///etc/passwd", "https://app.example.com/\"",
    "http://10.0.0.1/", "com.example:/a\nb",
])
def test_uris_that_lead_to_no_client(store: Store, now: float, uri: str) -> None:
    """Neither in the clear to other machines, nor to what a browser would run."""
    with store.transaction(now) as tx, pytest.raises(ConfigError, match="redirect_uris"):
        native_clients.add(tx, "Tool", publish(tx), [uri])


def test_a_switch_for_device_codes(store: Store, now: float) -> None:
    """Who signs in neither way is no client; who had codes and may not any more has none that somebody could still type."""
    with store.transaction(now) as tx:
        ids = publish(tx)
        with pytest.raises(ConfigError, match="redirect_uris: without one and without device codes"):
            native_clients.add(tx, "Tool", ids, [])
        box = native_clients.add(tx, "Box", ids, [], device_codes=True)
        with pytest.raises(ConfigError, match="without device codes"):
            native_clients.change(tx, "box", device_codes=False)
        tool = native_clients.add(tx, "Tool", ids, GOOD, device_codes=True)
        codes = [device_codes.new(tx, one.id, "", "https://wiki.example.com/")[1] for one in (box, tool)]
        assert native_clients.change(tx, "tool", device_codes=False).device_codes is False
        found = [device_codes.of_user(tx, code.user_code, now) for code in codes]
        assert found == [codes[0], None]
        assert native_clients.change(tx, tool.id, device_codes=True).device_codes is True


def test_a_client_is_for_something(store: Store, now: float) -> None:
    """At least one application."""
    with store.transaction(now) as tx, pytest.raises(ConfigError, match="applications"):
        native_clients.add(tx, "Tool", [], GOOD)


def test_it_can_be_changed(store: Store, now: float) -> None:
    """Its id stays, by which programs know themselves; it is for one application at least."""
    with store.transaction(now) as tx:
        ids = [applications.publish(tx, name, "http://a/", f"https://{name}.example.com/").id for name in ("a", "b")]
        made = native_clients.add(tx, "cli", ids[:1], (), device_codes=True)
        found = native_clients.change(tx, "cli", ids[1:], ("http://127.0.0.1/",))
        assert (found.id, found.applications, found.redirect_uris) == (
            made.id, frozenset(ids[1:]), ("http://127.0.0.1/",))
        assert native_clients.change(tx, made.id, None, None) == found
        with pytest.raises(ConfigError, match="name one at least"):
            native_clients.change(tx, "cli", (), None)
