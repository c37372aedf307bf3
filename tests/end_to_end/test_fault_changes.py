"""What an administrator changes while users are using it: connectors revoked and renewed, applications published."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from appproxy.demo.supervisor import twistd
from tests.end_to_end.behaviours import pour, talk
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.system import CONNECTORS, PROMPT, System, shared_system
from tests.end_to_end.wire import Wire, ask
from tests.end_to_end.world import PATIENCE, until

#: Runs twistd with a clock that is 200 days ahead.
AHEAD = """
import time
real = time.time
time.time = lambda: real() + 200 * 86400
from twisted.scripts.twistd import run
run()
"""


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is changed."""
    found = shared_system(request, tmp_path_factory)
    found.origin.on("/pour", pour)
    found.origin.on("/talk", talk)
    return found


@pytest.fixture(autouse=True)
def restored(system: System) -> Iterator[None]:
    """Before and after each test everything is there."""
    system.repair()
    yield
    system.repair()


def test_revoking_cuts_what_is_open(system: System) -> None:
    """A revoked connector's streams and answers end within a second, and it is never let in again."""
    system.call("POST", "/connector-groups", name="apart")
    system.application("apart", system.origin.url, preauth="passthrough", connector_group="apart")
    system.enrol("third", "--group", "apart")
    with Wire(system, "apart") as stream, Wire(system, "apart") as answer:
        stream.request("GET", "/talk", "revoked stream", fields={"Connection": "Upgrade", "Upgrade": "websocket"})
        answer.request("GET", "/pour", "revoked answer")
        assert (stream.head().status, answer.head().status) == (101, 200)
        system.call("POST", f"/connectors/{system.ids['third']}/revoke")
        began = usual_seconds()
        stream.asked_to_come_back()
        answer.broken()
        assert usual_seconds() - began < PROMPT
    for case in ("revoked stream", "revoked answer"):
        (seen,) = system.origin.about(case)
        until(seen.left.is_set, "the application is still being used", PROMPT)
    time.sleep(1)
    reply = ask(system, "apart")
    assert (reply.status, reply.values("retry-after") != []) == (503, True)
    assert usual_seconds() - began < 3 * PROMPT, "users wait for a connector that will never come"
    system.supervisor.end("third")


def test_a_certificate_is_renewed_under_load(system: System) -> None:
    """A connector whose clock is 200 days ahead renews its certificate at once; no request fails on the way."""
    name = CONNECTORS[0]
    system.supervisor.end(name, 60)
    before = serial(system, name)
    with Load(system) as load:
        command = [sys.executable, "-c", AHEAD, *twistd("appproxy-connector", "--state", str(system.directory / name))[3:]]
        system.supervisor.start(name, command, "appproxy-connector ready and connected", PATIENCE)
        until(lambda: serial(system, name) != before, "the certificate was not renewed", 30)
        load.more(100)
    assert load.faults == []
    system.supervisor.end(name, 60)
    system.start_connector(name)  # with the new certificate, by the true clock


def serial(system: System, name: str) -> str:
    """Of a connector's certificate, as the service knows it."""
    found: str = system.call("GET", f"/connectors/{system.ids[name]}")["certificate_serial"]
    return found


def test_publishing_under_load_fails_no_request(system: System) -> None:
    """Applications come, change and go while others are used; a new one answers at once."""
    with Load(system) as load:
        for number in range(8):
            system.set("raw", connect_timeout=f"{5 + number}")
            system.application(f"new-{number}", system.origin.url, preauth="passthrough")
            assert ask(system, f"new-{number}").status == 200
            load.more(10)
        for number in range(8):
            system.call("DELETE", f"/applications/new-{number}")
        until(lambda: ask(system, "new-0").status == 404, "what is not published any more is still there", PROMPT)
        load.more(50)
        system.set("raw", connect_timeout="")
    assert load.faults == []
