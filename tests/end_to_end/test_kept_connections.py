"""Kept connections to an application that end at the wrong moment: no request of a user is lost by that."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.h2_origin import CLOSE_AFTER, H2Origin
from tests.end_to_end.origins import Call, Origin, server_context
from tests.end_to_end.system import CONNECTORS, PROMPT, System, shared_system
from tests.end_to_end.wire import Wire
from tests.end_to_end.world import until


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that the files share."""
    return shared_system(request, tmp_path_factory)


@pytest.fixture
def one_connector(system: System) -> Iterator[System]:
    """With the first connector alone, so that its kept connections are the ones that are used."""
    system.supervisor.end(CONNECTORS[1], 60, signal.SIGTERM)
    yield system
    system.repair()


def hush(call: Call) -> bool:
    """Answer with a length, and close without having said so."""
    call.answer(call.body())
    return False


@pytest.fixture(params=["http", "https"])
def hushing(request: pytest.FixtureRequest, system: System, tmp_path: Path) -> Iterator[tuple[str, Origin]]:
    """An application that closes after each answer, under its name."""
    origin = Origin(context=server_context(tmp_path) if request.param == "https" else None)
    origin.on("/hush", hush)
    name = f"hushing-{request.param}"
    system.application_heard_of(name, origin.url, preauth="passthrough", settings={"verify_tls": "no"})
    yield name, origin
    system.call("DELETE", f"/applications/{name}")
    origin.stop()


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", b"small"), ("PROPFIND", b"<x/>"), ("POST", b"small")])
def test_an_application_that_closes_without_saying_so(
    system: System, hushing: tuple[str, Origin], method: str, body: bytes | None
) -> None:
    """2,000 sequential GETs and 300 of others: none is lost, and none sent twice. POST was provably not delivered."""
    name, origin = hushing
    count = 2_000 if (method, name) == ("GET", "hushing-http") else 300
    with Wire(system, name) as wire:
        for number in range(count):
            case = f"hush {method} {number}"
            wire.request(method, "/hush", case, body)
            reply = wire.reply()
            assert (reply.status, reply.body, reply.answers) == (200, body or b"", case)
            assert len(origin.about(case)) == 1
    assert not origin.broken


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_end_that_nobody_could_hear(one_connector: System, method: str) -> None:
    """The connector is stopped, the application closes its kept connection, another request comes, the connector goes on."""
    system = one_connector
    process = system.supervisor.find(CONNECTORS[0]).process

    def close_soon(call: Call) -> bool:
        call.answer()
        time.sleep(0.3)
        return False

    system.origin.on("/close-soon", close_soon)
    for number in range(5):
        with Wire(system, "raw") as wire:
            wire.request("GET", "/close-soon", f"before {method} {number}")
            assert wire.reply().status == 200
            process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(0.5)
                case = f"after {method} {number}"
                wire.request(method, "/answer", case, None if method == "GET" else b"body")
                time.sleep(0.2)
            finally:
                process.send_signal(signal.SIGCONT)
            began = usual_seconds()
            assert wire.reply().answers == case
            assert usual_seconds() - began < PROMPT
            until(lambda name=case: len(system.origin.about(name)) == 1, "not seen once", PROMPT)  # type: ignore[misc]


@pytest.fixture
def speaking_h2(system: System) -> Iterator[H2Origin]:
    """An application over HTTP/2, under the name `speaking-h2`."""
    origin = H2Origin()
    system.application_heard_of("speaking-h2", origin.url, preauth="passthrough", settings={"protocol": "h2"})
    yield origin
    system.call("DELETE", "/applications/speaking-h2")
    origin.stop()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", ["goaway", "close"])
def test_an_end_over_http2_that_nobody_could_hear(
    one_connector: System, speaking_h2: H2Origin, method: str, way: str
) -> None:
    """The same: GOAWAY and the end of the connection, or the end alone, come while the connector is stopped."""
    system, origin = one_connector, speaking_h2
    process = system.supervisor.find(CONNECTORS[0]).process
    for number in range(5):
        given_up = origin.given_up
        with Wire(system, "speaking-h2") as wire:
            wire.request("GET", f"/{way}", f"before {method} {number}")
            assert wire.reply().status == 200
            process.send_signal(signal.SIGSTOP)
            try:
                until(lambda: origin.given_up > given_up, "the application did not close", CLOSE_AFTER + PROMPT)  # noqa: B023
                case = f"after {method} {number}"
                wire.request(method, "/answer", case, None if method == "GET" else b"body")
                time.sleep(0.2)
            finally:
                process.send_signal(signal.SIGCONT)
            reply = wire.reply()
            assert (reply.status, reply.answers, reply.body) == (200, case, b"0" if method == "GET" else b"4")
            assert len(origin.about(case)) == 1
    assert origin.connections > 5, "each of them met the end of its connection"
