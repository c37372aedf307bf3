"""A provider with two applications and a user, and a browser to use it with; no ports, no threads, no waiting."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.web.resource import Resource

from appproxy.provider import BuiltInProvider, hash_password
from appproxy.store import applications, users
from appproxy.store.database import Store
from appproxy.store.initial import initialise
from appproxy.store.live import LiveStore
from appproxy.store.sealing import Sealer
from appproxy.store.transaction import Transaction
from tests.provider.house import CHEAP, ISSUER, NOW, PASSWORD, Browser, House, NoThreads, Now, at_once


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with the applications `wiki` and `files`, the open one `news`, and Ann of the group staff."""

    def fill(tx: Transaction) -> None:
        initialise(tx, "example.com", ISSUER)
        for name in ("wiki", "files"):
            applications.publish(tx, name, f"http://{name}.internal:8080/", f"https://{name}.example.com/")
        applications.publish(tx, "news", "http://news.internal/", "https://news.example.com/", "passthrough")
        users.add(tx, "ann", hash_password(PASSWORD, CHEAP), "Ann Other", "ann@example.com", ["staff"])

    made = Store.create(f"sqlite:///{tmp_path}/appproxy.db", Sealer(secrets.token_bytes(32)))
    with made.transaction(NOW) as tx:
        fill(tx)
    yield made
    made.close()


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """The provider, started."""
    clock = NoThreads()
    now = Now(clock)
    live = LiveStore(clock, store, now, pool=at_once)
    live.start()
    provider = BuiltInProvider(live, ISSUER, clock, now, hasher=CHEAP, run=at_once.run)
    provider.start()
    root = Resource()
    for name, child in provider.resources().items():
        root.putChild(name, child)
    yield House(clock, live, provider, root)
    provider.stop()
    live.stop()
    assert clock.getDelayedCalls() == []


@pytest.fixture
def browser(house: House) -> Browser:
    """A browser without cookies."""
    return Browser(house.root)
