"""Many users at once, on connections that break off at any time: everybody gets the own answers, whole and in order."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256

import pytest
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from tests.end_to_end.behaviours import accept_websocket, talk
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.origins import Call, Gone
from tests.end_to_end.system import IN_FLIGHT, PROMPT, System, shared_system
from tests.end_to_end.visitor import Socket, Visitor
from tests.end_to_end.wire import Cut, Reply, Wire, ask
from tests.end_to_end.world import until

USERS = 40
ROUNDS = 15


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that all talk to."""
    found = shared_system(request, tmp_path_factory)
    table = {"/late": late, "/early": early, "/large": large, "/ws": websocket, "/half": half, "/stay": talk}
    for path, behaviour in table.items():
        found.origin.on(path, behaviour)
    return found


# What the application does.


def late(call: Call) -> bool:
    """Take a moment, a different one each time."""
    call.body()
    time.sleep(len(call.seen.body) % 7 * 0.01 if call.seen.body else 0.3)
    call.answer(call.seen.case.encode())
    return True


def early(call: Call) -> bool:
    """Answer before the body is there, and read none of it."""
    call.answer(call.seen.case.encode(), "403 Forbidden", "Connection: close\r\n")
    return False


def large(call: Call) -> bool:
    """An answer that does not fit into one frame."""
    call.body()
    call.answer(call.seen.case.encode().ljust(32) * 10_000)
    return True


def websocket(call: Call) -> None:
    """Echo messages, and a ping right behind the handshake; end as the protocol says."""
    frames = Frames(ConnectionType.SERVER)
    accept_websocket(call, frames.send(TextMessage("welcome")))
    while True:
        frames.receive_data(call.connection.read())
        for event in frames.events():
            if isinstance(event, BytesMessage | TextMessage):
                call.send(frames.send(event))
            elif isinstance(event, Ping):
                call.send(frames.send(event.response()))
            elif isinstance(event, CloseConnection):
                call.seen.body = str(event.reason).encode()
                call.send(frames.send(event.response()))
                return


def half(call: Call) -> None:
    """Close one direction, and hear what still comes on the other."""
    call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nlast words")
    call.connection.socket.shutdown(1)
    try:
        while True:
            call.seen.body += call.connection.read()
    except Gone:
        call.seen.gone()


# What users do; each gives what to count, and fails when an answer is not the own one.


def check(reply: Reply, case: str) -> str:
    """Is it the answer to this request?"""
    assert reply.answers == case, f"{case} got the answer to {reply.answers}"
    assert set(reply.body.split()) <= {case.encode()} or sha256(case.encode()).digest() in reply.body, case
    return f"answered {reply.status}"


def plain(wire: Wire, case: str, chance: random.Random) -> str:
    """Ask and wait."""
    wire.request("GET", chance.choice(("/late", "/large")), case)
    return check(wire.reply(), case)


def upload(wire: Wire, case: str, chance: random.Random) -> str:
    """Send a body that is unlike all others, and get it back."""
    body = sha256(case.encode()).digest() * chance.choice((1, 100, 5_000))
    wire.request("POST", "/", case, body)
    reply = wire.reply()
    assert reply.body == body, f"{case} got another body"
    return check(reply, case)


def pipeline(wire: Wire, case: str, chance: random.Random) -> str:
    """Send three requests without waiting."""
    for number in range(3):
        wire.request("GET", chance.choice(("/late", "/large")), f"{case}-{number}")
    for number in range(3):
        check(wire.reply(), f"{case}-{number}")
    return "answered 200"


def refused_upload(wire: Wire, case: str, chance: random.Random) -> str:
    """Send a body that the application does not read."""
    try:
        wire.request("POST", "/early", case, bytes(chance.choice((10, 100_000))))
        return check(wire.reply(), case)
    except OSError:
        return "closed early"  # our own kernel has dropped the answer: RFC 9112 section 9.6
    finally:
        wire.close()


def leave(wire: Wire, case: str, chance: random.Random) -> str:
    """Ask, perhaps read a little, and go."""
    wire.request(chance.choice(("GET", "DELETE")), chance.choice(("/late", "/large")), case)
    if chance.random() < 0.5:
        wire.read()
    wire.close()
    return "left"


def give_up_upload(wire: Wire, case: str, chance: random.Random) -> str:
    """Begin an upload, and go."""
    wire.request("POST", "/", case, fields={"Content-Length": "1000000"})
    wire.send(bytes(chance.choice((0, 1000, 200_000))))
    wire.close()
    return "left"


HABITS: tuple[Callable[[Wire, str, random.Random], str], ...] = (
    plain, plain, upload, upload, pipeline, refused_upload, leave, give_up_upload,
)  # fmt: skip


def test_nobody_sees_the_answer_of_another(system: System) -> None:
    """40 users ask, upload, pipeline, break off and get early answers for a while: each answer is for its own request."""
    counts: Counter[str] = Counter()
    faults: list[str] = []

    def user(number: int) -> None:
        chance = random.Random(number)
        wire = Wire(system, "raw")
        for turn in range(ROUNDS):
            case = f"user-{number}-{turn}"
            habit = chance.choice(HABITS)
            try:
                counts[habit(wire, case, chance)] += 1
            except (AssertionError, Cut, OSError) as error:
                faults.append(f"{habit.__name__} {case}: {error!r}")
                wire.close()
            if wire.socket.fileno() < 0:
                wire = Wire(system, "raw")
        wire.close()

    users = [threading.Thread(target=user, args=(number,)) for number in range(USERS)]
    for one in users:
        one.start()
    for one in users:
        one.join(90)
    assert faults == []
    assert sum(counts.values()) == USERS * ROUNDS
    assert counts["answered 200"] > USERS * ROUNDS / 2
    assert system.origin.broken == []
    repeated = Counter(seen.case for seen in system.origin.seen if seen.case.startswith("user-") and seen.method == b"POST")
    assert [case for case, times in repeated.items() if times > 1] == []
    until(lambda: system.in_flight() == 0, "requests that are over still count", 10)


def test_pipelined_requests_are_answered_in_order(system: System) -> None:
    """A slow first request holds back the answers behind it, of all kinds, on its connection."""
    cases = [f"order-{number}" for number in range(12)]
    with Wire(system, "raw") as wire:
        for number, case in enumerate(cases):
            if number % 4 == 2:
                wire.request("POST", "/", case, case.encode())
            else:
                wire.request("HEAD" if number % 4 == 3 else "GET", ("/late", "/large", "/", "/x")[number % 4], case)
        replies = [wire.reply("HEAD" if number % 4 == 3 else "GET") for number in range(len(cases))]
    assert [reply.answers for reply in replies] == cases


def alice_socket(system: System, path: str = "/ws") -> tuple[Visitor, Socket]:
    """A signed-in user's WebSocket, past its welcome."""
    alice = system.alice()
    talk = Socket(alice, system.url("held", path))
    assert talk.receive() == "welcome"
    return alice, talk


def test_a_websocket_carries_a_large_message_and_closes_properly(system: System) -> None:
    """A binary message of 1 MiB comes back as it was, and a close is answered with a close, at both ends."""
    _, talk = alice_socket(system)
    message = random.Random(1).randbytes(1024 * 1024)
    talk.send(message)
    assert talk.receive() == message
    talk.send("")
    assert talk.receive() == ""
    talk.say_goodbye("goodbye")
    assert talk.closed()
    seen = [one for one in system.origin.seen if one.target == b"/ws"][-1]
    until(lambda: seen.body == b"goodbye", "the application has not seen the close", 5)
    assert talk.at_the_end()


def test_many_open_websockets_leave_room_for_requests(system: System) -> None:
    """More streams than a connector takes requests stand open, and requests are answered as ever."""
    wires = [Wire(system, "raw") for _ in range(2 * IN_FLIGHT + 10)]
    for number, wire in enumerate(wires):
        wire.request("GET", "/stay", f"open-{number}", fields={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert wire.reply().status == 101
    began = usual_seconds()
    assert ask(system).status == 200
    assert usual_seconds() - began < PROMPT
    for wire in wires:
        wire.close()
    until(lambda: system.in_flight() == 0, "streams that are over still count", 10)


def test_bytes_behind_an_upgrade_belong_to_the_stream(system: System) -> None:
    """What either end sends at once, without waiting for the other, arrives."""
    frames = Frames(ConnectionType.CLIENT)
    with Wire(system, "raw") as wire:
        head = f"GET /ws HTTP/1.1\r\nHost: {wire.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        wire.send(f"{head}Sec-WebSocket-Key: c2l4dGVlbiBieXRlcyEhCg==\r\n\r\n".encode() + frames.send(TextMessage("hasty")))
        assert wire.head().status == 101
        heard: list[str] = []
        while len(heard) < 2:
            frames.receive_data(wire.read())
            heard += [event.data for event in frames.events() if isinstance(event, TextMessage)]
    assert heard == ["welcome", "hasty"]


def test_a_half_closed_stream_still_carries_the_other_half(system: System) -> None:
    """When the application has said its last word it still hears the user."""
    with Wire(system, "raw") as wire:
        wire.request("GET", "/half", "half", fields={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert wire.reply().status == 101
        heard = b""
        while data := wire.read():
            heard += data
        assert heard == b"last words"
        wire.send(b"I am still here")
        (seen,) = system.origin.about("half")
        until(lambda: seen.body == b"I am still here", "the application does not hear the user", 5)
    until(seen.left.is_set, "the application is still being used", 5)
