"""A desk for each example of Hypothesis, not only for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from appproxy.config.service import ServiceSettings
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.sealing import Sealer
from tests.admin.conftest import Desk

Desks = Callable[[], AbstractContextManager[Desk]]


@pytest.fixture(scope="session")
def desks(template: Path) -> Desks:
    """Makes desks before new databases."""

    @contextmanager
    def make() -> Iterator[Desk]:
        with tempfile.TemporaryDirectory() as directory:
            shutil.copyfile(template, f"{directory}/appproxy.db")
            store = Store(make_engine(f"sqlite:///{directory}/appproxy.db"), Sealer(bytes(32)))
            try:
                yield Desk(store, ServiceSettings(domain="example.com"))
            finally:
                store.close()

    return make
