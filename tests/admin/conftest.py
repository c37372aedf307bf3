"""The admin API over a database of one's own, without a service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appproxy.admin.base.principal import Principal
from appproxy.admin.operations import ROUTES, AdminContext, Query
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.sealing import Sealer
from appproxy.store.service.audit import AuditRow, list_recent

#: 2026-07-01 00:00 UTC.
NOW = 1782864000.0


def hash_password(name: str, password: str) -> str:
    """Stands in for argon2, and for the rules about passwords."""
    if len(password) < 8:
        raise ConfigError("password: at least 8 characters are needed")
    return f"hash of {len(password)}"


@dataclass
class Desk:
    """Where an admin calls operations; `live` is what a node would say of its connectors."""

    store: Store
    settings: ServiceSettings
    live: dict[str, object] = field(default_factory=dict)
    principal: Principal = field(default_factory=lambda: Principal.full("local:0"))

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None, if_match: str = "") -> object:
        """Perform an operation as `principal`."""
        context = AdminContext(self.principal, NOW, self.settings, hash_password, lambda: self.live)
        operation, call = ROUTES.prepare(method, path, body, context, if_match)
        if isinstance(operation, Query):
            with self.store.reading() as reading:
                return operation.perform(reading, call)
        with self.store.transaction(NOW) as tx:
            return operation.perform(tx, call)

    def record(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """Perform an operation whose answer is an object."""
        answer = self.call(method, path, body)
        assert isinstance(answer, dict)
        return answer

    def rows(self, path: str) -> list[dict[str, object]]:
        """Perform a listing."""
        answer = self.call("GET", path)
        assert isinstance(answer, list)
        return answer

    def audit(self) -> list[AuditRow]:
        """The audit, the newest first."""
        with self.store.reading() as reading:
            return list_recent(reading)


@pytest.fixture
def settings() -> ServiceSettings:
    """Settings for example.com, users on 443 and connectors on 8443."""
    return ServiceSettings(domain="example.com")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as `init` leaves it: to copy it takes a tenth of making it."""
    path = tmp_path_factory.mktemp("template") / "appproxy.db"
    store = Store.create(f"sqlite:///{path}", Sealer(bytes(32)))
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", "https://signin.example.com")
    store.close()
    return path


@pytest.fixture
def desk(tmp_path: Path, settings: ServiceSettings, template: Path) -> Iterator[Desk]:
    """A desk before a database as `init` leaves it."""
    shutil.copyfile(template, tmp_path / "appproxy.db")
    store = Store(make_engine(f"sqlite:///{tmp_path}/appproxy.db"), Sealer(bytes(32)))
    yield Desk(store, settings)
    store.close()
