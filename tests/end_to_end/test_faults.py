"""Applications and users that fail, each in a way of its own: one clear answer, nothing that looks whole and is not."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.origins import Call
from tests.end_to_end.system import BACKEND_TIMEOUT, HEAD_SECONDS, PROMPT, System, shared_system
from tests.end_to_end.wire import Cut, Reply, Wire, ask
from tests.end_to_end.world import until

MIB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\n"


def send(*pieces: bytes, pause: float = 0.0) -> Callable[[Call], None]:
    """Send these pieces, then close."""

    def behave(call: Call) -> None:
        call.body()
        for piece in pieces:
            call.send(piece)
            time.sleep(pause)

    return behave


def reset(*pieces: bytes) -> Callable[[Call], None]:
    """Send these pieces, then reset."""

    def behave(call: Call) -> None:
        for piece in pieces:
            call.send(piece)
        time.sleep(0.2 if pieces else 0)
        call.connection.reset()

    return behave


def silent(call: Call) -> None:
    """Say nothing until nobody waits any more."""
    call.body()
    call.wait_until_left()


def endless(call: Call) -> None:
    """Send until nobody wants it."""
    call.send(HEAD + b"Content-Length: 1000000000000\r\n\r\n")
    while True:
        call.send(bytes(65536))
        time.sleep(0.01)


def quiet_stream(call: Call) -> None:
    """Begin an answer, and wait with the rest."""
    call.send(HEAD + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    call.wait_until_left()


#: Faults before there is an answer: what the origin does, the status that the user gets, the word of RFC 9209 for it.
BEFORE: dict[str, tuple[Callable[[Call], None], int, str]] = {
    "closes at once": (send(), 502, "connection_terminated"),
    "resets at once": (reset(), 502, "connection_terminated"),
    "closes inside the head": (send(HEAD + b"Content-Le"), 502, "http_response_incomplete"),
    "resets inside the head": (reset(HEAD + b"Content-Le"), 502, "http_response_incomplete"),
    "sends garbage": (send(bytes(range(256)) * 8), 502, "http_protocol_error"),
    "sends a mail server's greeting": (send(b"220 mail.example ESMTP\r\n"), 502, "http_protocol_error"),
    "sends another version": (send(b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n"), 502, "http_protocol_error"),
    "sends a bad field": (send(HEAD + b"X Y: 1\r\nContent-Length: 0\r\n\r\n"), 502, "http_protocol_error"),
    "sends a NUL in a field": (send(HEAD + b"X-Y: a\x00b\r\nContent-Length: 0\r\n\r\n"), 502, "http_protocol_error"),
    "sends two lengths": (send(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 502, "http_protocol_error"),
    "sends a length and chunks": (
        send(HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 502, "http_protocol_error"),
    "sends a head of 1 MB": (
        send(HEAD + b"X-Large: " + b"x" * 1_000_000 + b"\r\n\r\n"), 502, "http_response_header_section_size"),
    "sends 1,000 fields": (
        send(HEAD + b"X-Many: 1\r\n" * 1_000 + b"\r\n"), 502, "http_response_header_section_size"),
    "sends 101 unasked": (
        send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), 502, "http_protocol_error"),
    "is silent": (silent, 504, "http_response_timeout"),
}  # fmt: skip

#: Faults inside an answer: the user has its head already.
INSIDE: dict[str, Callable[[Call], None]] = {
    "sends less than its length": send(HEAD + b"Content-Length: 1000\r\n\r\nten bytes!"),
    "resets within its length": reset(HEAD + b"Content-Length: 1000\r\n\r\nten bytes!"),
    "closes within a chunk": send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\nten bytes!"),
    "closes between chunks": send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0a\r\nten bytes!\r\n"),
    "sends garbage between chunks": send(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0a\r\nten bytes!\r\n", b"garbage\r\n\r\n", pause=0.2),
    "resets a body without length": reset(HEAD + b"Connection: close\r\n\r\nten bytes!"),
    "breaks off after 1 MB": send(HEAD + b"Content-Length: 2000000\r\n\r\n" + bytes(MIB)),
}  # fmt: skip


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system whose application fails."""
    found = shared_system(request, tmp_path_factory)
    for name, (behaviour, _, _) in BEFORE.items():
        found.origin.on(path_of(name), behaviour)
    for name, behaviour in INSIDE.items():
        found.origin.on(path_of(name), behaviour)
    for path, other in {"/silent": silent, "/endless": endless, "/quiet": quiet_stream}.items():
        found.origin.on(path, other)
    if found.visitor().get(found.url("hasty")).status == 404:
        found.application("hasty", found.origin.url, preauth="passthrough", settings={"backend_timeout": f"{BACKEND_TIMEOUT}"})
    return found


@pytest.fixture(autouse=True)
def still_well(system: System) -> Iterator[None]:
    """After each fault all is as it was: both connectors are there, and the next request is answered."""
    yield
    assert system.running("service")
    assert system.online() == 2
    assert ask(system, "raw", "/", "next").status == 200
    until(lambda: system.in_flight() == 0, "requests that are over still count", 10)


def path_of(name: str) -> str:
    return "/" + re.sub("[^a-z0-9]+", "-", name.lower())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", BEFORE)
def test_an_application_that_fails_before_its_answer(system: System, name: str, method: str) -> None:
    """The user gets a page that says what happened, with the request's id, and the connection goes on."""
    _, status, token = BEFORE[name]
    case = f"{method} {name}"
    with Wire(system, "hasty") as wire:
        wire.request(method, path_of(name), case, b"body" if method == "POST" else None)
        reply = wire.reply()
        assert (reply.status, reply.answers) == (status, None)
        assert f"error={token}" in reply.values("proxy-status")[0]
        assert reply.values("x-request-id")[0].encode() in reply.body
        wire.request("GET", "/", f"after {case}")
        assert wire.reply().status == 200
    assert len(system.origin.about(case)) <= (1 if method == "POST" else 2)


@pytest.mark.parametrize("name", INSIDE)
def test_an_application_that_fails_inside_its_answer(system: System, name: str) -> None:
    """The user's connection breaks as the application's did: nobody takes a part for the whole."""
    with Wire(system, "raw") as wire:
        wire.request("GET", path_of(name), name)
        try:
            reply = wire.reply()
        except Cut as cut:
            assert cut.reply is None or cut.reply.status == 200
        else:
            assert (reply.status, reply.answers) == (502, None)


@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_an_answer_longer_than_its_length(system: System, pause: float) -> None:
    """What an application sends beyond its length, at once or later, is no one's answer."""

    def long(call: Call) -> bool:
        good, evil = (HEAD + b"Content-Length: 4\r\n\r\n" + word for word in (b"good", b"evil"))
        call.send(good + (b"" if pause else evil))
        time.sleep(pause)
        call.send(evil if pause else b"")
        return True  # the connection stays, with bytes on it that nobody asked for

    system.origin.on("/long", long)
    with Wire(system, "raw") as wire:
        for number in range(4):
            wire.request("GET", "/long", f"long-{number}")
            assert wire.reply().body == b"good"
            time.sleep(2 * pause)
            wire.request("POST", "/", f"behind-{number}", b"mine")
            assert wire.reply().body == b"mine"


def test_an_application_that_is_not_there(system: System) -> None:
    """Nobody listens: 502, at once, whatever the method."""
    for method in ("GET", "POST"):
        began = usual_seconds()
        reply = ask(system, "dead", "/", "dead", method, b"x" if method == "POST" else None)
        assert (reply.status, "error=connection_refused" in reply.values("proxy-status")[0]) == (502, True)
        assert usual_seconds() - began < PROMPT


def test_what_is_rare_in_answers_passes(system: System) -> None:
    """Early hints, several cookies, trailers, no length, no body: all as the application sent them."""
    system.origin.on("/hints", send(
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
        HEAD + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nX-Sum: 5\r\n\r\n", pause=0.3))
    with Wire(system, "raw") as wire:
        wire.request("GET", "/hints", "hints", fields={"TE": "trailers", "Connection": "TE"})
        hints, reply = wire.head(), wire.reply()
    assert (hints.status, hints.values("link")) == (103, ["</style.css>; rel=preload"])
    assert reply.values("set-cookie") == ["a=1; Secure", "b=2; Secure"]
    assert (reply.body, reply.trailers) == (b"hi", [("x-sum", "5")])
    system.origin.on("/old", send(b"HTTP/1.0 200 OK\r\n\r\n", b"until ", b"the end", pause=0.1))
    assert ask(system, "raw", "/old", "old").body == b"until the end"
    system.origin.on("/none", send(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert ask(system, "raw", "/none", "none").status == 204
    system.origin.on("/unchanged", send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\nETag: \"x\"\r\n\r\n"))
    assert ask(system, "raw", "/unchanged", "unchanged").values("etag") == ['"x"']


def test_an_early_answer_ends_the_upload(system: System) -> None:
    """An application that refuses an upload at once is heard, while the user still sends."""
    system.origin.on("/refuse", lambda call: call.answer(b"too large", "413 Content Too Large", "Connection: close\r\n"))
    with Wire(system, "raw") as wire:
        wire.request("POST", "/refuse", "refuse", fields={"Content-Length": str(100 * MIB)})
        wire.send(bytes(1000))
        reply = wire.reply()
    assert (reply.status, reply.answers, reply.body) == (413, "refuse", b"too large")


def test_a_user_who_is_slow_on_purpose_is_cut(system: System) -> None:
    """A head that comes byte by byte is given up after the seconds that a head may take; others notice nothing."""
    began = usual_seconds()
    with Wire(system, "raw") as wire:
        wire.send(f"GET / HTTP/1.1\r\nHost: {wire.host}\r\nX-Slow: ".encode())
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.2):
                try:
                    wire.socket.send(b"x")
                except OSError:
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        try:
            assert ask(system, "raw", "/", "beside a slow one").status == 200
            assert wire.reply().status == 408
        finally:
            stop.set()
            sender.join()
    assert usual_seconds() - began < HEAD_SECONDS + PROMPT


@pytest.mark.parametrize("target", ["/silent", "/endless", "/quiet"])
def test_the_application_hears_that_the_user_left(system: System, target: str) -> None:
    """Whether it still thinks, sends without end or waits within an answer: the application notices within a second."""
    case = f"leaving {target}"
    with Wire(system, "raw") as wire:
        wire.request("GET", target, case)
        if target != "/silent":
            assert wire.head().status == 200
        until(lambda: system.origin.about(case), "the request did not arrive", 10)
        time.sleep(0.3)
        left = usual_seconds()
    (seen,) = system.origin.about(case)
    until(seen.left.is_set, "the application is still being used", 10)
    assert seen.left_at - left < PROMPT


def test_the_application_hears_that_an_upload_broke_off(system: System) -> None:
    """A user who leaves in the middle of an upload: the application sees a broken body at once, never a short one."""
    with Wire(system, "raw") as wire:
        wire.request("POST", "/", "half an upload", fields={"Content-Length": "1000000"})
        wire.send(bytes(300_000))
        until(lambda: system.origin.about("half an upload"), "the request did not arrive", 10)
        left = usual_seconds()
    (seen,) = system.origin.about("half an upload")
    until(seen.left.is_set, "the application is still being used", 10)
    assert (seen.left_at - left < PROMPT, seen.whole) == (True, False)


def test_a_reader_who_stops_holds_up_nobody(system: System) -> None:
    """While one user takes nothing of a download, others are served; the download is whole in the end."""
    piece = sha256(b"piece").digest() * 2048
    sent = threading.Event()

    def download(call: Call) -> None:
        call.send(HEAD + b"Content-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64 * MIB // len(piece)):
            call.send(piece)
        sent.set()
        call.connection.socket.shutdown(socket.SHUT_WR)

    system.origin.on("/download", download)
    with Wire(system, "raw", buffer=65536) as stopped:
        stopped.request("GET", "/download", "stopped")
        assert stopped.head().status == 200
        began = usual_seconds()
        for number in range(50):
            assert ask(system, "raw", "/", f"beside-{number}", "POST", bytes(1000)).body == bytes(1000)
        assert usual_seconds() - began < 10 * PROMPT
        assert not sent.is_set(), "64 MiB were taken in for a user who reads nothing"
        stopped.fill(whole := Reply(200, []), 64 * MIB)
    assert sha256(whole.body).digest() == sha256(piece * (64 * MIB // len(piece))).digest()
