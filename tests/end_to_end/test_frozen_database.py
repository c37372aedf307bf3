"""A PostgreSQL server that is frozen: TCP is as alive as ever, and no answer comes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from tests.end_to_end.cable import Cable
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.postgresql import cable_to_server, empty_database
from tests.end_to_end.system import System
from tests.end_to_end.wire import ask
from tests.end_to_end.world import DOMAIN, environment, in_process, until

T = TypeVar("T")

#: Seconds in which whoever needs the database is told, and some for a machine that has other things to do.
TOLD = 10.0 + 5.0


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    """The way to the server."""
    with cable_to_server() as cable:
        yield cable


@pytest.fixture(scope="module")
def database(cable: Cable) -> Iterator[str]:
    """The URL of an empty database: a schema of its own."""
    with empty_database(cable) as url:
        yield url


@pytest.fixture(scope="module")
def system(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One that has its rows there."""
    directory = tmp_path_factory.mktemp("frozen")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = System(directory, supervisor, database=database)
        system.build()
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


def test_one_command_makes_a_service_on_a_server(database: str, system: System, tmp_path: Path) -> None:
    """And none is put on top of it."""
    again = in_process("init", "--state", str(tmp_path / "again"), "--domain", DOMAIN, "--database", database)
    assert (again.code, "another, empty database" in again.err, (tmp_path / "again").exists()) == (1, True, False)
    assert ask(system).status == 200


def test_a_frozen_database(system: System, cable: Cable) -> None:
    """Who is signed in goes on; who signs in, and who gives a command, is told in time; and afterwards all is well."""
    alice = system.alice()
    cable.block()
    try:
        time.sleep(1.5)  # a poll has met it: the database's thread is stuck
        for _ in range(2):
            seconds, status = took(lambda: sign_in(system))
            assert (status, seconds < TOLD) == (503, True), seconds
            seconds, error = took(lambda: fails(lambda: system.call("POST", "/users", name="carol")))
            assert seconds < TOLD, (error, seconds)
            seconds, page = took(lambda: alice.get(system.url("held", "/meanwhile")))
            assert (page.status, seconds < 3) == (200, True), seconds
    finally:
        cable.unblock()
    until(lambda: sign_in(system) == 200, "nobody can sign in", 30)
    assert "carol" not in [one["name"] for one in system.call("GET", "/users")]


def sign_in(system: System) -> int:
    """The status that somebody sees who signs in."""
    return system.visitor().sign_in(system.url("held", "/new"), "alice").status


def fails(do: Callable[[], object]) -> str:
    """What a command says that cannot be done."""
    with pytest.raises(AppProxyError) as caught:
        do()
    return str(caught.value)


def took(do: Callable[[], T]) -> tuple[float, T]:
    """How long it took, and what came of it."""
    began = usual_seconds()
    result = do()
    return usual_seconds() - began, result
