"""What users see of the service itself, whatever application they ask for: dates, the way from http, methods."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.end_to_end.h2_origin import H2Origin
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.origins import Call, Origin
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.wire import Reply, Wire, ask
from tests.end_to_end.world import until

_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT")


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system whose front is looked at."""
    found = shared_system(request, tmp_path_factory)
    found.repair()
    return found


def undated(call: Call) -> bool:
    """An answer without a date."""
    call.body()
    call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Answers: " + call.seen.case.encode() + b"\r\n\r\nhi")
    return True


def dated(call: Call) -> bool:
    """An answer with one of its own."""
    call.body()
    call.send(b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nhi")
    return True


def over_http_2(system: System, target: str, method: str = "GET") -> dict[bytes, bytes]:
    """The head of an answer over HTTP/2."""
    user = H2User(system.port, system.anchor, system.host("raw").partition(":")[0])
    try:
        stream = user.ask(target, method, (b"x-case", b"two"))
        user.until(lambda: stream in user.ended)
        return user.heads[stream]
    finally:
        user.close()


@pytest.mark.parametrize("target", ["/undated", "/dated", "/.appproxy/none"])
def test_every_answer_has_one_date(system: System, target: str) -> None:
    """The application's own, or ours, over both versions."""
    system.origin.on("/undated", undated)
    system.origin.on("/dated", dated)
    (old,) = ask(system, target=target).values("date")
    new = over_http_2(system, target)[b"date"].decode()
    for date in (old, new):
        assert _DATE.fullmatch(date)
        assert (date == "Sun, 06 Nov 1994 08:49:37 GMT") == (target == "/dated")


@pytest.mark.parametrize("method", ["LIST", "RDG_OUT_DATA", "VERSION-CONTROL", "get", "BAN"])
def test_every_method_reaches_the_application(system: System, method: str) -> None:
    """Letter by letter, over both versions."""
    case = f"method-{method.lower()}"
    assert ask(system, target="/", case=case, method=method).answers == case
    assert over_http_2(system, "/", method)[b":status"] == b"200"
    assert [seen.method.decode() for seen in system.origin.about(case)] == [method]


def without_tls(system: System, request: bytes) -> bytes:
    """All that comes back when this is sent to the port for HTTPS as it is."""
    with socket.create_connection(("127.0.0.1", system.port), 10) as plain:
        plain.sendall(request)
        plain.shutdown(socket.SHUT_WR)
        back = b""
        while data := plain.recv(65536):
            back += data
        return back


def test_http_at_the_port_for_https(system: System) -> None:
    """Is sent to https, or told so; TLS is none the worse for it."""
    host = system.host("raw").encode()
    answer = without_tls(system, b"GET /a?b HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 308 ") and b"\r\nlocation: https://" + host + b"/a?b\r\n" in answer
    for bad in (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"):
        answer = without_tls(system, bad)
        assert answer.startswith(b"HTTP/1.1 400 ") and b"HTTPS" in answer
    assert isinstance(ask(system), Reply)


def test_http_without_an_end_at_the_port_for_https(system: System) -> None:
    """Its head has the same bounds as any."""
    answer = without_tls(system, b"GET /" + b"x" * 40_000)
    assert answer.startswith(b"HTTP/1.1 414 ")


def test_methods_of_one_application(system: System) -> None:
    """Others than those that it wants get 405, and what it wants is said."""
    system.set("raw", methods="GET,HEAD")
    try:
        with Wire(system, "raw") as wire:
            wire.request("DELETE", "/", "unwanted")
            reply = wire.reply()
        assert (reply.status, reply.values("allow")) == (405, ["GET, HEAD"])
        assert system.origin.about("unwanted") == []
    finally:
        system.set("raw", methods="")


def attach(call: Call) -> None:
    """Read the request to its end, switch, and give back what comes, as dockerd does for attach and exec."""
    body = call.body()
    protocol = b"".join(call.seen.values("upgrade"))
    call.send(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
              b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n" + body)
    while True:
        call.send(call.connection.read())


@pytest.fixture(scope="module")
def switching(system: System) -> Iterator[System]:
    """The same, with an application that may switch to these protocols, as both its connectors know by now.

    Set once for all: a connector that has not heard yet of the end of the last setting would seem to know the next.
    """
    system.origin.on("/attach", attach)
    system.set("raw", upgrades="websocket,tcp,spdy/3.1")

    def known() -> bool:
        """Of several streams at once each connector gets some: the one with the fewest has the next."""
        with ExitStack() as wires:
            for _ in range(4):
                wire = wires.enter_context(Wire(system, "raw"))
                wire.request("GET", "/attach", "known", fields={"Connection": "Upgrade", "Upgrade": "tcp"})
                if wire.reply().status != 101:
                    return False
        return True

    until(known, "the connectors know")
    yield system
    system.set("raw", upgrades="")


@pytest.mark.parametrize("protocol", ["tcp", "SPDY/3.1"])
@pytest.mark.parametrize("body", [b"", b'{"Tty": false, "Detach": false}', b"x" * 100_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_upgrade_with_a_body(switching: System, protocol: str, body: bytes, chunked: bool) -> None:
    """The application gets the body, whole, and only then the stream, whose first bytes may come right behind it."""
    with Wire(switching, "raw") as wire:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        framed = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n" if chunked else body
        wire.send(f"POST /attach HTTP/1.1\r\nHost: {wire.host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n"
                  f"X-Case: attached\r\n{framing}\r\n\r\n".encode() + framed + b"first")
        reply = wire.reply()
        assert (reply.status, reply.values("upgrade")) == (101, [protocol.lower()])
        expected = body + b"first"
        came = b""
        while len(came) < len(expected):
            came += wire.read()
        assert came == expected
        wire.send(b"second")
        assert wire.read() == b"second"


def refuse(call: Call) -> None:
    """Read the head alone, and refuse."""
    call.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")


def consent(call: Call) -> bool:
    """Ask for the body, and say how long it was."""
    if call.seen.values("expect"):
        call.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    call.answer(b"%d" % len(call.body()))
    return True


@pytest.mark.parametrize("expect", [True, False])
def test_a_refused_upload_costs_its_head(system: System, expect: bool) -> None:
    """Of 20 MB hardly anything has left when the answer is there, whether the user's program waits for consent or not."""
    # One of its own: of an address that has once left the question unanswered for a second nobody asks again for a while.
    origin = Origin()
    origin.on("/refuse", refuse)
    name = f"refusing-{expect}".lower()
    system.application(name, origin.url, preauth="passthrough")
    line = "Expect: 100-continue\r\n" if expect else ""
    with Wire(system, name) as wire:
        wire.send(f"POST /refuse HTTP/1.1\r\nHost: {wire.host}\r\nX-Case: big\r\n"
                  f"Content-Length: 20000000\r\n{line}\r\n".encode())
        reply = wire.head()
        assert reply.status == 401, "no 100 (Continue) before it"
    user = H2User(system.port, system.anchor, system.host(name).partition(":")[0])
    stream = user.ask("/refuse", "POST", (b"content-length", b"20000000"), body=None)
    user.until(lambda: stream in user.heads)
    assert user.heads[stream][b":status"] == b"401"
    user.close()
    system.call("DELETE", f"/applications/{name}")
    origin.stop()


#: Longer than an application is given to say what it thinks of the question.
LATE = 1.6


def refuse_the_question_late(call: Call) -> None:
    """Some applications and the balancers before them know no Expect; this one says so when the body has begun."""
    if not call.seen.values("expect"):
        call.answer(b"%d" % len(call.body()))
        return
    time.sleep(LATE)
    call.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize(("size", "status"), [(50_000, 200), (3_000_000, 502)])
def test_a_late_417_to_our_own_question(system: System, version: str, size: int, status: int) -> None:
    """The user has asked nothing: what is still held goes once more without the question; what is not is a 502 that names
    the setting, and the next upload is not asked for.
    """
    origin = Origin()
    origin.on("/late", refuse_the_question_late)
    name = f"late-{version[0]}-{size}"
    system.application(name, origin.url, preauth="passthrough")

    def upload(size: int) -> tuple[int, bytes]:
        if version == "2":
            user = H2User(system.port, system.anchor, system.host(name).partition(":")[0])
            stream = user.ask("/late", "POST", body=None)
            user.send(stream, b"x" * (size // 2))
            time.sleep(0.2)  # only what is not here when the head is looked at is asked for
            user.send(stream, b"x" * (size - size // 2), end=True)
            user.until(lambda: stream in user.ended)
            user.close()
            return int(user.heads[stream][b":status"]), bytes(user.bodies[stream])
        with Wire(system, name) as wire:
            wire.send(f"POST /late HTTP/1.1\r\nHost: {wire.host}\r\nX-Case: late\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n".encode())
            time.sleep(0.2)
            with suppress(OSError):  # an answer may come first
                wire.send(b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
            reply = wire.reply()
            return reply.status, reply.body

    found, body = upload(size)
    assert found == status and (status != 200 or body == b"%d" % size)
    assert upload(70_000) == (200, b"70000")
    if status == 502:
        log = system.state / "access.log"
        until(lambda: any("expect_continue=no" in line and name in line for line in log.read_text().splitlines()),
              "the access log names no setting")
    system.call("DELETE", f"/applications/{name}")
    origin.stop()


@pytest.fixture
def speaking_h2(system: System) -> Iterator[H2Origin]:
    """An application over HTTP/2, under the name `front-h2`."""
    origin = H2Origin()
    system.application_heard_of("front-h2", origin.url, preauth="passthrough", settings={"protocol": "h2"})
    yield origin
    system.call("DELETE", "/applications/front-h2")
    origin.stop()


class Counting(H2User):
    """Counts what it has sent."""

    sent = 0

    def flush(self) -> None:
        """Write what is to be written."""
        if data := self.session.data_to_send():
            self.sent += len(data)
            self.socket.sendall(data)


def test_an_upload_that_an_application_over_http2_refuses(system: System, speaking_h2: H2Origin) -> None:
    """Applications over HTTP/2 are not asked: one that answers on the head alone has the head as soon as the body begins, or
    soon without. Who waits for the answer has sent nothing more; who does not, a few windows of 20 MB.
    """
    with Wire(system, "front-h2") as wire:
        wire.send(f"POST /refuse HTTP/1.1\r\nHost: {wire.host}\r\nX-Case: waits\r\nContent-Length: 20000000\r\n\r\n".encode())
        assert wire.head().status == 413
    user = Counting(system.port, system.anchor, system.host("front-h2").partition(":")[0])
    stream = user.ask("/refuse", "POST", (b"x-case", b"sends"), body=bytes(20_000_000))
    user.until(lambda: stream in user.ended)
    assert user.heads[stream][b":status"] == b"413"
    sent = user.sent
    user.close()
    assert [each.size + each.late for each in speaking_h2.about("waits")] == [0]
    assert [each.expect for each in speaking_h2.seen] == [False, False]
    assert sent < 1_500_000, sent


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("size", [5, 10_000])
def test_a_small_upload_of_unknown_size_waits_for_nobody(system: System, version: str, size: int) -> None:
    """All of it came with its head: the application, which might ignore the question, is not asked."""
    seen: list[tuple[list[bytes], int]] = []

    def look(call: Call) -> bool:
        seen.append((call.seen.values("expect"), len(call.body())))
        call.answer(b"seen")
        return True

    system.origin.on("/look", look)
    if version == "1.1":
        with Wire(system, "raw") as wire:
            wire.send(f"POST /look HTTP/1.1\r\nHost: {wire.host}\r\nX-Case: small\r\nTransfer-Encoding: chunked\r\n\r\n"
                      f"{size:x}\r\n{'x' * size}\r\n0\r\n\r\n".encode())
            assert wire.reply().status == 200
    else:
        user = H2User(system.port, system.anchor, system.host("raw").partition(":")[0])
        stream = user.ask("/look", "POST", body=b"x" * size)
        user.until(lambda: stream in user.ended)
        user.close()
    assert seen == [([], size)]


@pytest.mark.parametrize("target", ["/consent", "/"])
def test_an_upload_that_is_wanted(system: System, target: str) -> None:
    """Arrives whole, from an application that says so and from one that says nothing."""
    system.origin.on("/consent", consent)
    body = bytes(range(256)) * 12_000
    reply = ask(system, target=target, case=f"wanted-{target}", method="POST", body=body)
    assert reply.status == 200
    assert reply.body == (b"%d" % len(body) if target == "/consent" else body)
