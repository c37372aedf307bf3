"""Connectors and service that are killed, stopped, frozen and restarted while users use them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.behaviours import pour, slow, talk
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.origins import Call, Seen
from tests.end_to_end.system import CONNECTORS, DRAIN_SECONDS, PROMPT, System, shared_system
from tests.end_to_end.wire import Reply, Wire, ask
from tests.end_to_end.world import until

#: A connector that comes back in this time goes on with its requests (tunnel protocol); until then nobody else gets them.
LIMBO = 5.0
#: How long connectors may take to come back once the service has.
COMEBACK = 20.0
#: twistd ends in order, then by the signal that it was sent.
ENDED = (0, -signal.SIGTERM)


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system whose programs fail."""
    found = shared_system(request, tmp_path_factory)
    for path, behaviour in {"/hang": hang, "/pour": pour, "/talk": talk, "/slow": slow}.items():
        found.origin.on(path, behaviour)
    return found


@pytest.fixture(autouse=True)
def restored(system: System) -> Iterator[None]:
    """Before and after each test everything is there."""
    system.repair()
    yield
    system.repair()


def hang(call: Call) -> bool:
    """Never answer the first time."""
    call.body()
    if len(call.origin.about(call.seen.case)) > 1:
        call.answer(b"the second time")
        return True
    call.wait_until_left()
    return False


#: Requests under way when their connector is killed: name, method, target, fields, what of the body is sent.
#: The stream comes first: streams do not count where connectors are chosen by what they have to do.
UNDER_WAY: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "stream": ("GET", "/talk", {"Connection": "Upgrade", "Upgrade": "websocket"}, b""),
    "upload": ("POST", "/hang", {"Content-Length": "1000000"}, bytes(100_000)),
    "whole upload": ("POST", "/hang", {"Content-Length": "5"}, b"hello"),
    "without a body": ("POST", "/hang", {}, b""),
    "large and idempotent": ("PUT", "/hang", {"Content-Length": "200000"}, bytes(200_000)),
    "answer": ("GET", "/pour", {}, b""),
    "GET": ("GET", "/hang", {}, b""),
    "DELETE": ("DELETE", "/hang", {}, b""),
    "small and idempotent": ("PUT", "/hang", {"Content-Length": "5"}, b"hello"),
    "idempotent in chunks": ("PUT", "/hang", {"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
}


@dataclass(slots=True)
class Outcome:
    """What became of one of them: the answer, or None when the connection broke, and after how many seconds."""

    reply: Reply | None
    seconds: float
    seen: list[Seen]


@pytest.fixture(scope="module")
def outcomes(system: System) -> dict[str, Outcome]:
    """All kinds at once, on both connectors; the first is killed, the fate of what it had is told, and of the others."""
    system.repair()
    wires: dict[str, Wire] = {}
    where: dict[str, str] = {}
    for kind, (method, target, fields, body) in UNDER_WAY.items():
        # The less busy connector gets the next one, so two should be enough.
        for turn in range(6):
            case = f"killed {kind} {turn}"
            wire = wires[case] = Wire(system, "raw")
            wire.request(method, target, case, fields=fields)
            wire.send(body)
            until(lambda case=case: system.origin.about(case), f"{case} did not arrive", 10)  # type: ignore[misc]
            if kind in ("answer", "stream"):
                assert wire.head().status in (101, 200)
            where[case] = system.connector_of(system.origin.about(case)[0].port)
            if where[case] == CONNECTORS[0]:
                break
    assert set(where.values()) == set(CONNECTORS)
    system.kill(CONNECTORS[0])
    killed = usual_seconds()
    found: dict[str, Outcome] = {}

    def follow(case: str, kind: str) -> None:
        reply = None
        if UNDER_WAY[kind][1] == "/hang":
            reply = wires[case].reply()
        else:
            (wires[case].asked_to_come_back if kind == "stream" else wires[case].broken)()
        found[kind] = Outcome(reply, usual_seconds() - killed, system.origin.about(case))

    lost = [case for case in wires if where[case] == CONNECTORS[0]]
    followers = [threading.Thread(target=follow, args=(case, case[len("killed ") : -2])) for case in lost]
    for follower in followers:
        follower.start()
    assert ask(system).status == 200
    for follower in followers:
        follower.join(30)
    for case, wire in wires.items():
        broken = system.origin.about(case)[0].left.is_set()
        assert broken or case not in lost
        assert not broken or case in lost, f"{case} was broken off at the connector that lives"
        wire.close()
    return found


@pytest.mark.parametrize("kind", ["upload", "large and idempotent"])
def test_a_connector_killed_in_an_upload(outcomes: dict[str, Outcome], kind: str) -> None:
    """The user gets 502 at once, and the application has seen the request once."""
    outcome = outcomes[kind]
    assert outcome.reply is not None
    assert (outcome.reply.status, len(outcome.seen)) == (502, 1)
    assert "error=connection_terminated" in outcome.reply.values("proxy-status")[0]
    assert outcome.seconds < PROMPT


@pytest.mark.parametrize("kind", ["without a body", "whole upload"])
def test_a_connector_killed_with_a_request_that_is_not_idempotent(outcomes: dict[str, Outcome], kind: str) -> None:
    """Nobody knows whether it was processed, so it is not sent again: 502, once the connector has had time to come back.

    A small body travels with its request, so it has no data connection whose loss would tell at once.
    """
    outcome = outcomes[kind]
    assert outcome.reply is not None
    assert (outcome.reply.status, len(outcome.seen)) == (502, 1)
    assert outcome.seconds < LIMBO + PROMPT


@pytest.mark.parametrize("kind", ["answer", "stream"])
def test_a_connector_killed_inside_an_answer(outcomes: dict[str, Outcome], kind: str) -> None:
    """The user's connection breaks, and never looks like a proper end; a WebSocket is told to come back."""
    assert outcomes[kind].reply is None
    assert outcomes[kind].seconds < PROMPT


@pytest.mark.parametrize("kind", ["GET", "DELETE", "small and idempotent", "idempotent in chunks"])
def test_a_connector_killed_before_an_idempotent_answer(outcomes: dict[str, Outcome], kind: str) -> None:
    """The request is given to the other connector, once, and the user sees its answer."""
    outcome = outcomes[kind]
    assert outcome.reply is not None
    assert (outcome.reply.status, outcome.reply.body, len(outcome.seen)) == (200, b"the second time", 2)
    assert outcome.seconds < LIMBO + PROMPT


def test_a_connector_is_stopped_under_load(system: System) -> None:
    """SIGTERM lets everything under way end; what has no end is closed with the drain. Then it is started again."""
    with Wire(system, "raw") as first, Wire(system, "raw") as second, Load(system) as load:
        for number, wire in enumerate((first, second)):
            wire.request("GET", "/talk", f"endless {number}", fields={"Connection": "Upgrade", "Upgrade": "websocket"})
            assert wire.head().status == 101
        load.more(100)
        began = usual_seconds()
        assert system.supervisor.end(CONNECTORS[1], 60, signal.SIGTERM) in ENDED
        assert usual_seconds() - began < DRAIN_SECONDS + PROMPT + 3  # what twistd and Python take
        load.more(50)
        system.start_connector(CONNECTORS[1])
        load.more(100)
    assert load.faults == []


def test_a_frozen_connector_goes_on(system: System) -> None:
    """A connector that gets no processor for some seconds makes its requests late, and loses none."""
    process = system.supervisor.find(CONNECTORS[0]).process
    with Load(system) as load:
        load.more(50)
        process.send_signal(signal.SIGSTOP)
        time.sleep(4)
        process.send_signal(signal.SIGCONT)
        load.more(100)
    assert load.faults == []


def test_the_service_is_stopped_and_started(system: System) -> None:
    """What is under way ends well; then connectors come back by themselves, and users are still signed in."""
    alice = system.alice()
    with Wire(system, "raw") as wire:
        wire.request("GET", "/slow", "under way")
        until(lambda: system.origin.about("under way"), "the request did not arrive", 10)
        service = system.supervisor.find("service").process
        service.send_signal(signal.SIGTERM)
        assert wire.reply().body == b"slow"
    assert service.wait(DRAIN_SECONDS + 20) in ENDED
    system.start_service()
    came_back(system)
    assert alice.get(system.url("held", "/after-restart")).status == 200


def test_the_service_is_killed_and_started(system: System) -> None:
    """Also after kill -9 connectors come back, sessions live on, and nothing needs mending by hand."""
    alice = system.alice()
    with Wire(system, "raw") as wire:
        wire.request("GET", "/hang", "at the kill")
        until(lambda: system.origin.about("at the kill"), "the request did not arrive", 10)
        system.kill("service")
        wire.broken()
    system.start_service()
    came_back(system)
    assert alice.get(system.url("held", "/after-kill")).status == 200
    (seen,) = system.origin.about("at the kill")
    until(seen.left.is_set, "the connector still waits for an answer that nobody wants", COMEBACK)


def came_back(system: System) -> None:
    """Wait for both connectors and ask something."""
    began = usual_seconds()
    assert ask(system).status == 200  # it waits for the first connector
    until(lambda: system.online() == len(CONNECTORS), "not all connectors are back", COMEBACK)
    assert usual_seconds() - began < COMEBACK
