"""A store in a fresh database: SQLite always, PostgreSQL when APPPROXY_TEST_POSTGRESQL holds the URL of a server."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine, make_private
from appproxy.store.sealing import Sealer
from tests.store.postgresql import Server

SERVER = "APPPROXY_TEST_POSTGRESQL"
#: 2026-07-01 00:00 UTC.
NOW = 1782864000.0


@pytest.fixture
def now() -> float:
    """The moment at which a test happens."""
    return NOW


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    """A sealer with a master key of its own."""
    return Sealer(secrets.token_bytes(32), "test master")


@pytest.fixture(scope="session")
def templates(sealer: Sealer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `empty.db` (tables only) and `filled.db` (as `init` leaves it): to copy takes a tenth of making."""
    directory = tmp_path_factory.mktemp("templates")
    Store.create(f"sqlite:///{directory}/empty.db", sealer).close()
    shutil.copy(directory / "empty.db", directory / "filled.db")
    store = Store(make_engine(f"sqlite:///{directory}/filled.db"), sealer)
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", "https://signin.example.com")
    store.close()
    return directory


@pytest.fixture(scope="session")
def server(sealer: Sealer) -> Iterator[Server]:
    """The PostgreSQL server; the test is skipped where there is none."""
    url = os.environ.get(SERVER)
    if not url:
        pytest.skip(f"{SERVER} names no PostgreSQL server, such as postgresql://user@host/database")
    server = Server(url, sealer, NOW)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; where the test asks for `store`, too, of the one that this is in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/appproxy.db"
    server: Server = request.getfixturevalue("server")
    return server.url(server.filled() if "store" in request.fixturenames else server.empty())


@pytest.fixture
def empty_store(database_url: str, sealer: Sealer, templates: Path) -> Iterator[Store]:
    """A store with tables and nothing in them."""
    if database_url.startswith("sqlite"):
        store = _copy(database_url, sealer, templates / "empty.db")
    else:
        store = Store.create(database_url, sealer)
    yield store
    store.close()


@pytest.fixture
def store(database_url: str, sealer: Sealer, templates: Path) -> Iterator[Store]:
    """A store as `init` leaves it, for the domain example.com on port 443."""
    if database_url.startswith("sqlite"):
        store = _copy(database_url, sealer, templates / "filled.db")
    else:
        store = Store(make_engine(database_url), sealer)
    yield store
    store.close()


def _copy(url: str, sealer: Sealer, template: Path) -> Store:
    """A store in a copy of the template."""
    engine = make_engine(url)
    make_private(engine.url)
    shutil.copyfile(template, str(engine.url.database))
    return Store(engine, sealer)
