"""Answers that come when nobody asked for them: with the end of a kept connection, behind another, or odd in themselves."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from tests.end_to_end.origins import Call, Gone, Origin
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.wire import Wire


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that the files share."""
    return shared_system(request, tmp_path_factory)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", b"small"), ("POST", b"small")])
def test_a_408_behind_the_idle_time(system: System, method: str, body: bytes | None) -> None:
    """An application gives up each kept connection with a 408 as the second request comes: that goes to a fresh one.

    Not the POST, of which something had arrived: it may have been read.
    """
    served: set[int] = set()
    given_up: set[int] = set()

    def impatient(call: Call) -> bool:
        if call.connection.number in served:
            given_up.add(call.connection.number)
            call.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        served.add(call.connection.number)
        call.answer(call.body())
        return True

    origin = Origin()
    name = f"impatient-{method}".lower()
    origin.on("/impatient", impatient)
    system.application_heard_of(name, origin.url, preauth="passthrough")
    try:
        statuses = []
        with Wire(system, name) as wire:
            for number in range(30):
                wire.request(method, "/impatient", f"impatient {number}", body)
                reply = wire.reply()
                statuses.append(reply.status)
                assert reply.status == 408 or reply.body == (body or b"")
                time.sleep(0.06)  # a connection rests so long before it is used again
        assert len(given_up) > 6, "hardly any connection was used twice"
        assert set(statuses) == ({200, 408} if method == "POST" else {200})
    finally:
        system.call("DELETE", f"/applications/{name}")
        origin.stop()


POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Answers: poison\r\n\r\npoison"


def late(call: Call) -> bool:
    """Answer as the query says, and send another answer 20 ms later that nobody asked for."""
    status = call.seen.target.partition(b"?")[2].decode()

    def send() -> None:
        time.sleep(0.02)
        with suppress(Gone):  # which is the best that can become of it
            call.send(POISON)

    if status in ("204", "304"):
        call.send(f"HTTP/1.1 {status} X\r\nX-Answers: {call.seen.case}\r\n\r\n".encode())
    else:
        call.answer(b"hello")
    threading.Thread(target=send, daemon=True).start()
    return True


def slow(call: Call) -> bool:
    """An answer that a late one could overtake."""
    time.sleep(0.04)
    call.answer()
    return True


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("GET", "204"), ("GET", "304"), ("GET", "200")])
def test_what_comes_late_is_nobodys_answer(system: System, method: str, status: str) -> None:
    """20 ms behind an answer that has no body, or has all of it: the next request gets its own answer."""
    origin = Origin()
    name = f"late-{method}-{status}".lower()
    origin.on("/late", late)
    origin.on("/slow", slow)
    system.application_heard_of(name, origin.url, preauth="passthrough")
    try:
        with Wire(system, name) as wire:
            for number in range(20):
                wire.request(method, f"/late?{status}", f"late {number}")
                assert wire.reply(method).answers == f"late {number}"
                wire.request("GET", "/slow", f"next {number}")
                assert wire.reply().answers == f"next {number}"
    finally:
        system.call("DELETE", f"/applications/{name}")
        origin.stop()


def very_slow(call: Call) -> bool:
    """An answer behind which a connection could have been quiet for long."""
    time.sleep(0.4)
    call.answer()
    return True


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200"), ("GET", "304"), ("GET", "200")])
@pytest.mark.parametrize("hurried", [False, True])
def test_what_comes_late_after_all_is_no_other_users_answer(system: System, method: str, status: str, hurried: bool) -> None:
    """From an application that was orderly for long, too, and where its user's next request was on the way when it came."""
    origin = Origin()
    name = f"late-after-all-{method}-{status}-{hurried}".lower()

    def good(call: Call) -> bool:
        if status == "304":
            call.send(f"HTTP/1.1 304 X\r\nX-Answers: {call.seen.case}\r\n\r\n".encode())
        else:
            call.answer(b"hello")
        return True

    for path, behaviour in (("/good", good), ("/late", late), ("/slow", slow), ("/very-slow", very_slow)):
        origin.on(path, behaviour)
    system.application_heard_of(name, origin.url, preauth="passthrough")
    try:
        with Wire(system, name) as one, Wire(system, name) as other:
            for number in range(450):  # of which either connector gets enough
                one.request(method, "/good", f"good {number}")
                assert one.reply(method).answers == f"good {number}"
            one.request(method, f"/late?{status}", "late")
            assert one.reply(method).answers == "late"
            if hurried:
                one.request("GET", "/very-slow", "hurried")
            for number in range(20):
                other.request("GET", "/slow", f"other {number}")
                assert other.reply().answers == f"other {number}"
    finally:
        system.call("DELETE", f"/applications/{name}")
        origin.stop()


@pytest.mark.parametrize(("line", "fields", "status", "phrase"), [
    ("HTTP/1.1 200 Fine by me", "Content-Length: 5", 200, "Fine by me"),
    ("HTTP/1.1 404 ", "Content-Length: 5", 404, ""),
    ("HTTP/1.2 200 OK", "Content-Length: 5", 200, "OK"),
    ("HTTP/1.1 799 Beyond", "Content-Length: 5", 799, "Beyond"),
    ("HTTP/1.1 200 OK", "Transfer-Encoding: identity\r\nContent-Length: 5", 200, "OK"),
    ("HTTP/1.1 200 OK", "Content-Length: 5\r\nContent-Length: 5", 200, "OK"),
    ("HTTP/1.1 200 OK", "Content-Length: 5, 5", 200, "OK"),
])  # fmt: skip
@pytest.mark.parametrize("size", [5, 100_000])
def test_odd_but_harmless_answers(
    system: System, line: str, fields: str, status: int, phrase: str, size: int
) -> None:
    """They arrive as they were meant, with the application's own phrase, in line and streamed."""
    def odd(call: Call) -> bool:
        call.send(f"{line}\r\n{fields.replace('5', str(size))}\r\n\r\n".encode() + b"x" * size)
        return False

    system.origin.on("/odd", odd)
    with Wire(system, "raw") as wire:
        wire.request("GET", "/odd", "odd")
        head = wire.socket.recv(1, 0)
        while not head.endswith(b"\r\n"):
            head += wire.socket.recv(1)
        assert head == f"HTTP/1.1 {status} {phrase}\r\n".encode()
        rest = b""
        while b"\r\n\r\n" not in rest or len(rest.partition(b"\r\n\r\n")[2]) < size:
            rest += wire.socket.recv(65536)
        assert rest.partition(b"\r\n\r\n")[2] == b"x" * size
