"""A provider with two applications and a user, and a browser to use it with; no ports, no threads, no waiting."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyotp
import pytest
from twisted.web.resource import Resource

from appproxy.net.chance import TimeAndChance
from appproxy.provider import BuiltInProvider, hash_password
from appproxy.provider.passwords.checker import PasswordWork
from appproxy.store.applications import applications
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps
from appproxy.store.sealing import Sealer
from appproxy.testing.network import InlinePool
from tests.fakes.threads import NoThreads, run_at_once
from tests.provider.house import CHEAP, ISSUER, NOW, PASSWORD, Browser, Flow, House, Noted, Now
from tests.provider.steps.walking import SECRET

SEALER = Sealer(b"m" * 32, "test master")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the applications wiki and files, the open one news, and Ann of the group staff."""
    path = tmp_path_factory.mktemp("filled") / "appproxy.db"
    store = Store.create(f"sqlite:///{path}", SEALER)
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", ISSUER)
        for name in ("wiki", "files"):
            applications.publish(tx, name, f"http://{name}.internal:8080/", f"https://{name}.example.com/")
        applications.publish(tx, "news", "http://news.internal/", "https://news.example.com/", "passthrough")
        users.add(tx, "ann", hash_password(PASSWORD, CHEAP), "Ann Other", "ann@example.com", ["staff"])
    store.close()
    return path


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of it, which costs a tenth of making one."""
    shutil.copy(filled, tmp_path / "appproxy.db")
    # Not by `open`: its look for migrations takes most of a test's time.
    made = Store(make_engine(f"sqlite:///{tmp_path}/appproxy.db"), SEALER)
    yield made
    made.close()


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """The provider, started; at the end it must leave nothing behind."""
    clock = NoThreads()
    now = Now(clock)
    live = LiveStore(clock, store, now, pool=InlinePool())
    live.start()
    noted: list[Noted] = []

    def note(actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        noted.append(Noted(actor, action, target, detail or {}))

    provider = BuiltInProvider(
        live, ISSUER, clock, TimeAndChance(now), work=PasswordWork(CHEAP, run_at_once), note=note)
    provider.start()
    root = Resource()
    for name, child in provider.resources().items():
        root.putChild(name, child)
    made = House(clock, live, provider, root, noted)
    yield made
    made.provider.stop()
    live.stop()
    assert clock.getDelayedCalls() == []


@pytest.fixture
def browser(house: House) -> Browser:
    """A browser without cookies."""
    return Browser(house.root)


@pytest.fixture
def browser_of_another(house: House) -> Browser:
    """Somebody else's browser."""
    return Browser(house.root)


@pytest.fixture
def wiki(house: House) -> Flow:
    """A sign-in for the wiki."""
    return Flow(house.application("wiki").id)


@pytest.fixture
def ann(house: House) -> str:
    """The id of Ann."""
    return house.read(users.find, "ann").id


@pytest.fixture
def app(house: House, ann: str) -> pyotp.TOTP:
    """Ann's authenticator app."""
    house.write(authenticator_apps.add, ann, "phone", SECRET, 0)
    return pyotp.TOTP(SECRET)
