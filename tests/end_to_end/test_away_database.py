"""A service that is started while its PostgreSQL server is away."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Iterator

import pytest

from appproxy.config import StatePaths
from appproxy.demo.supervisor import ProgramFailed, Supervisor
from appproxy.errors import AppProxyError
from tests.end_to_end.cable import Cable
from tests.end_to_end.ports import free_port
from tests.end_to_end.postgresql import cable_to_server, empty_database
from tests.end_to_end.system import System
from tests.end_to_end.wire import ask
from tests.end_to_end.world import appproxy, environment, until


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
def metrics() -> int:
    """The port of the metrics."""
    return free_port()


@pytest.fixture(scope="module")
def system(database: str, metrics: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One that has its rows there."""
    directory = tmp_path_factory.mktemp("away")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = System(directory, supervisor, database=database)
        system.build()
        setting(system, f'metrics_listen = "127.0.0.1:{metrics}"')
        yield system
        system.origin.stop()
    shutil.rmtree(directory, ignore_errors=True)


def setting(system: System, line: str) -> None:
    """For the next start."""
    path = StatePaths(system.state).settings
    kept = [one for one in path.read_text().splitlines() if one.partition(" =")[0] != line.partition(" =")[0]]
    path.write_text("\n".join([line, *kept]) + "\n")


def kept_after(system: System, moment: float) -> bool:
    """Was what the next start needs written after this moment?"""
    path = StatePaths(system.state).kept_snapshot
    return path.exists() and path.stat().st_mtime > moment


def numbers(port: int) -> dict[str, float]:
    """The metrics that have no labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, value in (one.split() for one in lines if one[0] != "#" and "{" not in one)}


def test_a_start_without_the_database(system: System, cable: Cable, metrics: int) -> None:
    """Users who are signed in go on, who was signed out or revoked stays so; the rest is told why; and then all is well."""
    alice = system.alice()
    before = {one["id"] for one in system.call("GET", "/sessions")}
    gone = system.alice()
    (own,) = {one["id"] for one in system.call("GET", "/sessions")} - before
    system.call("POST", f"/connectors/{system.ids['second']}/revoke")
    system.call("POST", "/sessions/revoke", session=own)
    moment = time.time()  # noqa: TID251 -- files are dated
    until(lambda: kept_after(system, moment), "nothing is kept", 30)
    cable.pull()
    system.supervisor.end("service", 60)
    system.start_service()
    log = system.supervisor.find("service")
    assert "THE DATABASE IS AWAY" in log.output()
    until(lambda: ask(system).status == 200, "the connector does not come back", 60)
    assert alice.get(system.url("held", "/still")).status == 200
    assert gone.get(system.url("held", "/gone")).status == 401
    assert system.call("GET", "/status")["connectors_online"] == 1  # the revoked one is not among them
    assert system.visitor().sign_in(system.url("held", "/new"), "alice").status == 503
    with pytest.raises(AppProxyError, match="the database is away, and this service works from what it knew on"):
        system.call("POST", "/users", name="carol")
    status = system.call("GET", "/status")["database"]
    assert status["reachable"] is False and 0 <= status["age"] < 600
    found = numbers(metrics)
    assert found["appproxy_database_up"] == 0.0 and 0 < found["appproxy_kept_snapshot_age_seconds"] < 600
    doctor = appproxy("--state", str(system.state), "doctor")
    assert doctor.code == 1 and "running without its database, started from what was kept" in doctor.out, doctor.out
    told = appproxy("--state", str(system.state), "status")
    assert "THE DATABASE IS AWAY" in told.err and "away since the start" in told.out, told.out
    cable.plug()
    until(lambda: system.call("GET", "/status")["database"]["reachable"], "it does not go over", 30)
    assert system.visitor().sign_in(system.url("held", "/new"), "alice").status == 200
    assert alice.get(system.url("held", "/still")).status == 200
    system.call("POST", "/users", name="carol", password="correct horse battery staple")
    assert numbers(metrics)["appproxy_database_up"] == 1.0
    assert "the database answers" in log.output()


@pytest.mark.parametrize(
    ("how", "expected"),
    [("too old", "kept_snapshot_hours says"), ("changed", "was changed"), ("gone", "is there to start from"), ("off", "is 0")],
)
def test_it_cannot_be_started(system: System, cable: Cable, how: str, expected: str) -> None:
    """From what is too old, or was tampered with; the line says why, and what to do."""
    moment = time.time()  # noqa: TID251 -- files are dated
    if not system.running("service"):
        system.start_service()
    system.call("POST", "/users", name=f"user-{how.replace(' ', '-')}", password="correct horse battery staple")
    system.application(how.replace(" ", "-"), "http://127.0.0.1:1/", preauth="passthrough")
    until(lambda: kept_after(system, moment), "nothing is kept", 30)
    system.supervisor.end("service", 60)
    path = StatePaths(system.state).kept_snapshot
    cable.pull()
    try:
        if how == "too old":
            setting(system, "kept_snapshot_hours = 0.0001")
            time.sleep(0.5)
        elif how == "changed":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        elif how == "gone":
            path.unlink()
        else:
            setting(system, "kept_snapshot_hours = 0")
        with pytest.raises(ProgramFailed) as failed:
            system.start_service()
        assert expected in str(failed.value) and "cannot be done without" in str(failed.value), failed.value
    finally:
        setting(system, "kept_snapshot_hours = 24")
        cable.plug()
