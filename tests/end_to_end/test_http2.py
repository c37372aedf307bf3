"""HTTP/2 as users' programs speak it: curl, h2load, a program with a hand on each stream."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wsproto.connection import Connection as WebSocket
from wsproto.connection import ConnectionType
from wsproto.events import CloseConnection, TextMessage

from tests.end_to_end.behaviours import accept_websocket
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.origins import Call
from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import DOMAIN, until

MIB = 1024 * 1024


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system of bare sockets, restored afterwards."""
    shared = shared_system(request, tmp_path_factory)
    shared.repair()
    yield shared
    shared.repair()


def user(system: System, name: str = "raw", *, manual: bool = False) -> H2User:
    return H2User(system.port, system.anchor, f"{name}.{DOMAIN}", manual=manual)


def curl(system: System, url: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """curl over HTTP/2, which prints the version and the status at the end of what it got."""
    host = url.split("/")[2].split(":")[0]
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--http2", "--cacert", str(system.anchor),
         "--resolve", f"{host}:{system.port}:127.0.0.1", "--write-out", "\n%{http_version} %{response_code}", *options, url],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip


class TestCurl:
    """The program that everybody has."""

    def test_it_speaks_http_2(self, system: System) -> None:
        """And gets what it asked for; the application sees a request of HTTP/1.1 like any other."""
        got = curl(system, system.url("raw", "/curl?case=curl"), "--data", "hello", "--header", "x-case: curl")
        assert got.stdout == b"hello\n2 200"
        seen = system.origin.seen[-1]
        assert seen.method == b"POST" and seen.values("host") and seen.values("x-forwarded-for") == [b"127.0.0.1"]
        assert [name for name, _ in seen.fields if name.startswith(b":")] == []

    def test_a_large_body_both_ways(self, system: System, tmp_path: Path) -> None:
        """16 MiB come back as they went."""
        body = hashlib.sha256(b"h2").digest() * (16 * MIB // 32)
        path = tmp_path / "body"
        path.write_bytes(body)
        got = curl(system, system.url("raw", "/echo"), "--data-binary", f"@{path}", "--header", "expect: 100-continue")
        assert got.stdout == body + b"\n2 200", got.stderr

    def test_sign_in_is_the_same(self, system: System) -> None:
        """Without a cookie nothing passes; with one that was got over HTTP/1.1 it does."""
        url = system.url("held", "/")
        assert curl(system, url).stdout.endswith(b"\n2 401")
        cookie = system.alice().cookie_field(f"held.{DOMAIN}")["Cookie"]
        assert curl(system, url, "--header", f"cookie: {cookie}").stdout.endswith(b"\n2 200")
        assert b"appproxy" not in b"".join(value for _, value in system.origin.seen[-1].fields if value.startswith(b"__"))

    def test_errors_have_their_pages(self, system: System) -> None:
        """An application that cannot be reached, a host that nobody knows."""
        assert curl(system, system.url("dead")).stdout.endswith(b"\n2 502")
        assert curl(system, system.url("nobody")).stdout.endswith(b"\n2 404")

    def test_http_1_1_still_works(self, system: System) -> None:
        """For those who do not offer HTTP/2."""
        assert curl(system, system.url("raw", "/"), "--http1.1").stdout.endswith(b"\n1.1 200")


def test_h2load_gets_all_its_answers(system: System) -> None:
    """8 connections of 8 streams: 2,000 requests, each answered with 200."""
    done = subprocess.run(
        ["h2load", "-n", "2000", "-c", "8", "-m", "8", "--connect-to", f"127.0.0.1:{system.port}",
         system.url("raw", "/load")],
        capture_output=True, timeout=120, check=False, text=True,
    )  # fmt: skip
    assert re.search(r"requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed", done.stdout), done.stdout
    assert "Application protocol: h2" in done.stdout


def test_the_access_log_says_http_2(system: System) -> None:
    """With the request's id, as for every other."""
    one = user(system)
    stream = one.ask("/logged")
    assert one.answer(stream)[0] == 200
    id = one.heads[stream][b"x-request-id"].decode()
    one.close()

    def found() -> list[str]:
        return [line for line in (system.state / "access.log").read_text().splitlines() if f'"{id}"' in line]

    line = json.loads(until(found, "no line in the access log")[0])
    assert (line["protocol"], line["status"], line["path"]) == ("HTTP/2", 200, "/logged")


def test_trailers_both_ways(system: System) -> None:
    """A checksum after the body reaches the application, and its own comes back: what gRPC lives on."""
    def answer(call: Call) -> bool:
        call.body()
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/grpc\r\n\r\n"
                  b"5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n")
        return True

    system.origin.on("/trailers", answer)
    one = user(system)
    stream = one.ask("/trailers", "POST", (b"te", b"trailers"), (b"content-type", b"application/grpc"), body=None)
    one.session.send_data(stream, b"question")
    one.session.send_trailers(stream, [(b"checksum", b"42")])
    one.flush()
    assert one.answer(stream) == (200, b"hello")
    assert one.trailers[stream] == [(b"grpc-status", b"0")]
    seen = system.origin.seen[-1]
    assert seen.body == b"question" and seen.trailers == [(b"checksum", b"42")] and seen.values("te") == [b"trailers"]
    one.close()


def test_both_directions_at_once(system: System) -> None:
    """The application answers each message before the next one is sent, within one request."""
    def answer(call: Call) -> None:
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            size = int(call.connection.read_until(b"\r\n"), 16)
            piece = call.connection.read_exactly(size + 2)[:size]
            call.send(b"%x\r\n%b\r\n" % (size, piece.upper()))
            if not size:
                return

    system.origin.on("/both", answer)
    one = user(system)
    stream = one.ask("/both", "POST", body=None)
    for n in range(5):
        message = b"message %d" % n
        one.send(stream, message)
        one.until(lambda n=n: len(one.bodies[stream]) == 9 * (n + 1))  # type: ignore[misc]
    assert one.bodies[stream].endswith(b"MESSAGE 4")
    one.send(stream, b"", end=True)
    one.until(lambda: stream in one.ended)
    one.close()


def test_a_stopped_upload_stops_no_other_stream(system: System) -> None:
    """An application that does not read one body stops its sender within a few MiB; another stream goes on."""
    go = threading.Event()

    def stuck(call: Call) -> bool:
        go.wait(30)
        call.answer(b"%d" % len(call.body()))
        return True

    system.set("raw", backend_timeout="60")
    system.origin.on("/stuck", stuck)
    one = user(system)
    size = 30 * MIB
    stream = one.ask("/stuck", "POST", body=b"s" * size)
    one.idle(1.5)
    left = one.session.queued_body_size(stream)
    assert left > 20 * MIB
    other = one.ask("/echo", "POST", body=b"o" * (4 * MIB))
    assert one.answer(other) == (200, b"o" * (4 * MIB))
    assert one.session.queued_body_size(stream) > 20 * MIB
    go.set()
    assert one.answer(stream) == (200, b"%d" % size)
    one.close()
    system.set("raw", backend_timeout="")


def test_a_user_who_does_not_read_one_stream(system: System) -> None:
    """Its application is stopped within a few MiB; another stream goes on."""
    sent = [0]

    def pour(call: Call) -> None:
        call.body()
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while sent[0] < 64 * MIB:
            call.send(b"10000\r\n" + bytes(65_536) + b"\r\n")
            sent[0] += 65_536

    system.origin.on("/pour", pour)
    one = user(system, manual=True)
    one.session.set_local_window_size(1 << 30)
    stream = one.ask("/pour")
    one.idle(2)
    assert len(one.bodies[stream]) == 65_535
    assert sent[0] < 16 * MIB
    other = one.ask("/echo", "POST", body=b"o" * 60_000)
    assert one.answer(other) == (200, b"o" * 60_000)
    one.close()


def test_a_web_socket_over_http_2(system: System) -> None:
    """Messages pass both ways, and the close does; the application sees the upgrade of HTTP/1.1."""
    def talk(call: Call) -> None:
        accept_websocket(call)
        server = WebSocket(ConnectionType.SERVER)
        while True:
            server.receive_data(call.connection.read())
            for event in server.events():
                if isinstance(event, CloseConnection):
                    call.send(server.send(event.response()))
                    return
                if isinstance(event, TextMessage):
                    call.send(server.send(TextMessage(data=event.data, message_finished=event.message_finished)))

    system.origin.on("/ws", talk)
    one = user(system)
    stream = one.ask("/ws", "CONNECT", (b"sec-websocket-version", b"13"), body=None, protocol=b"websocket")
    one.until(lambda: stream in one.heads)
    assert one.heads[stream][b":status"] == b"200" and b"sec-websocket-accept" not in one.heads[stream]
    talker = WebSocket(ConnectionType.CLIENT)
    got: list[str] = []
    for text in ("hello", "ä" * 40_000):
        one.send(stream, talker.send(TextMessage(data=text)))
        parts: list[str] = []

        def heard(parts: list[str] = parts) -> bool:
            data = bytes(one.bodies.pop(stream, b""))
            if data:
                talker.receive_data(data)
                parts += [event.data for event in talker.events() if isinstance(event, TextMessage)]
            return len("".join(parts)) >= len(text)  # noqa: B023 -- used within this turn of the loop only

        one.until(heard)
        got.append("".join(parts))
    assert got == ["hello", "ä" * 40_000]
    one.send(stream, talker.send(CloseConnection(code=1000)), end=True)
    one.until(lambda: stream in one.ended)
    one.close()


def test_a_page_where_a_web_socket_was_wanted(system: System) -> None:
    """The user must not take it for an open tunnel."""
    one = user(system)
    stream = one.ask("/", "CONNECT", (b"sec-websocket-version", b"13"), body=None, protocol=b"websocket")
    assert one.answer(stream)[0] == 502
    one.close()


@pytest.mark.parametrize(
    "fields",
    [
        [(b"transfer-encoding", b"chunked")], [(b"connection", b"x-user-name")], [(b"te", b"gzip")],
        [(b"x", b"a\r\nx-smuggled: 1")], [(b"x", b"a\0b")], [(b"x\r\nx-smuggled", b"1")], [(b"x: y", b"z")],
        [(b":path", b"/b")], [(b"host", b"other.example.com")], [(b"content-length", b"5")],
        [(b"content-length", b"0"), (b"content-length", b"5")], [(b"upgrade", b"h2c")], [(b"http2-settings", b"AAAA")],
    ],
)  # fmt: skip
def test_nothing_malformed_reaches_the_application(system: System, fields: list[tuple[bytes, bytes]]) -> None:
    """The stream is reset or refused; the application hears of no request, and the next one is answered."""
    before = len(system.origin.seen), len(system.origin.broken)
    one = user(system)
    stream = one.ask("/malformed", "POST", *fields, body=b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    one.until(lambda: stream in one.ended or stream in one.resets)
    assert stream in one.resets or int(one.heads[stream][b":status"]) == 400
    assert one.answer(one.ask("/next"))[0] == 200
    assert [seen.target for seen in system.origin.seen[before[0]:]] == [b"/next"]
    assert len(system.origin.broken) == before[1]
    one.close()


def test_names_of_identity_cannot_be_forged(system: System) -> None:
    """Whatever a user says of themselves over HTTP/2, the application sees only what the service knows."""
    one = user(system, "held")
    cookie = system.alice().cookie_field(f"held.{DOMAIN}")["Cookie"].encode()
    said = [(b"x-user-name", b"mallory"), (b"x_user_name", b"mallory"), (b"x-forwarded-for", b"8.8.8.8"),
            (b"cookie", cookie), (b"cookie", b"own=1")]
    assert one.answer(one.ask("/who", "GET", *said))[0] == 200
    seen = system.origin.seen[-1]
    assert seen.values("x-user-name") == [b"Alice"] and seen.values("x_user_name") == []
    assert seen.values("x-forwarded-for") == [b"127.0.0.1"] and seen.values("cookie") == [b"own=1"]
    one.close()


def test_rapid_reset_gains_nothing(system: System) -> None:
    """Thousands of requests that are cancelled at once end the connection; others do not notice."""
    watcher = user(system)
    attacker = user(system)
    for _ in range(60):
        for _ in range(90):
            stream = attacker.session.send_request(
                [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", attacker.authority), (b":path", b"/flood")],
                end_stream=True)
            attacker.flush()  # else the reset would overtake its request
            attacker.session.reset_stream(stream)
        try:
            attacker.flush()
        except OSError:
            break
        attacker.idle(0.05)
        if attacker.closed:
            break
    assert attacker.closed
    assert watcher.answer(watcher.ask("/after"))[0] == 200
    until(lambda: system.in_flight() == 0, "cancelled requests still count", 20)
    watcher.close()


def test_no_request_is_lost_at_a_stop(system: System) -> None:
    """SIGTERM under load: all that was asked before the user heard of it is answered, and then they are asked to go."""
    go = threading.Event()

    def slow(call: Call) -> bool:
        go.wait(20)
        call.answer(b"slow")
        return True

    system.set("raw", backend_timeout="30")
    system.origin.on("/slow", slow)
    one = user(system)
    before = one.ask("/slow")
    one.idle(0.3)
    asked = []
    service = system.supervisor.find("service").process
    service.terminate()
    try:
        while not one.goaways:
            # No more than a busy machine answers before the drain is over.
            asked += [one.ask("/stop") for _ in range(3)]
            one.idle(0.02)
        assert one.goaways == [2**31 - 1] and asked
        assert {one.answer(stream)[0] for stream in asked} == {200}
        one.until(lambda: len(one.goaways) == 2)
        assert one.goaways[1] == asked[-1]
        go.set()
        assert one.answer(before) == (200, b"slow")
        one.idle(5)
        assert one.closed
    finally:
        go.set()
        one.close()
        service.wait(20)  # else the next test would find a service that is about to end
        system.set("raw", backend_timeout="")
