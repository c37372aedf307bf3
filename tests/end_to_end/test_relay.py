"""What passes between a user and the application: bodies, streams, WebSockets, and answers that fail."""

from __future__ import annotations

import hashlib
import json
import socket
import time

import pytest

from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.visitor import Socket, Visitor
from tests.end_to_end.world import World, until

MIB = 1024 * 1024


def state_of(world: World, visitor: Visitor) -> dict[str, int]:
    """What the application counts."""
    found: dict[str, int] = json.loads(visitor.get(world.url("open", "/state")).text)
    return found


def test_a_download_arrives_whole(world: World, alice: Visitor) -> None:
    """32 MiB come down with the SHA-256 that the application gives for them."""
    known = alice.get(world.url("sample", "/download/32/sha256")).text.strip()
    answer = alice.get(world.url("sample", "/download/32"))
    assert len(answer.body) == 32 * MIB == int(answer.headers["Content-Length"])
    assert hashlib.sha256(answer.body).hexdigest() == known


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_arrives_whole(world: World, alice: Visitor, chunked: bool) -> None:
    """32 MiB go up and have their SHA-256 at the application, with a length or in chunks."""
    piece = bytes(range(256)) * 4096
    body = [piece] * 32 if chunked else piece * 32
    headers = {"Transfer-Encoding": "chunked"} if chunked else {}
    answer = alice.request("PUT", world.url("sample", "/upload"), headers, body)
    assert json.loads(answer.text) == {"size": 32 * MIB, "sha256": hashlib.sha256(piece * 32).hexdigest()}


def test_a_small_post_arrives(world: World, alice: Visitor) -> None:
    """A form's worth of body, and an empty one."""
    for body in (b"a=1&b=2", b""):
        answer = alice.request("POST", world.url("sample", "/upload"), {}, body)
        assert json.loads(answer.text) == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def test_the_first_event_comes_at_once(world: World, visitor: Visitor) -> None:
    """Of a stream of events the first one is here long before the second exists."""
    began = usual_seconds()
    with visitor.opened("GET", world.url("open", "/events?every=20")) as answer:
        line = answer.readline()
        assert answer.headers["Content-Type"] == "text/event-stream"
    assert line.startswith(b"data: ")
    assert usual_seconds() - began < 10


def test_leaving_reaches_the_application(world: World, visitor: Visitor) -> None:
    """A user who stops waiting is noticed by the application within a second or so."""
    before = state_of(world, visitor)
    with visitor.opened("GET", world.url("open", "/events")) as answer:
        answer.readline()
        assert state_of(world, visitor)["events"] == before["events"] + 1
    until(lambda: state_of(world, visitor)["events"] == before["events"], "the stream is still open", 5)
    impatient = visitor.connect("open.appproxy.localhost")
    impatient.sendall(f"GET /slow/600 HTTP/1.1\r\nHost: open.appproxy.localhost:{world.port}\r\n\r\n".encode())
    time.sleep(0.5)
    impatient.close()
    until(lambda: state_of(world, visitor)["cancelled"] > before["cancelled"], "the application still works", 5)


def test_websockets_echo(world: World, alice: Visitor) -> None:
    """Messages of both kinds and many sizes come back as they were."""
    talk = Socket(alice, world.url("sample", "/echo"))
    for message in ("hello", "ä" * 70_000, b"\0\xff" * 100_000, ""):
        talk.send(message)
        assert talk.receive() == message
    talk.close()


def test_websockets_need_a_session(world: World, visitor: Visitor) -> None:
    """Without a session there is no WebSocket to the application."""
    with pytest.raises(AssertionError, match="RejectConnection.*401"):
        Socket(visitor, world.url("sample", "/echo"))


def test_another_site_may_not_open_a_websocket(world: World, alice: Visitor) -> None:
    """A page of another site cannot use the user's cookie for a WebSocket."""
    with pytest.raises(AssertionError, match="RejectConnection.*403"):
        Socket(alice, world.url("sample", "/echo"), {"Origin": "https://evil.example"})


def test_revoking_a_session_cuts_its_websocket(world: World, alice: Visitor) -> None:
    """When an admin ends a user's sessions, open WebSockets end too."""
    talk = Socket(alice, world.url("sample", "/echo"))
    talk.send("still here")
    assert talk.receive() == "still here"
    world.admin("session", "revoke", "--user", "alice")
    assert alice.get(world.url("sample")).status == 401
    assert talk.ends(within=5)


def test_two_cookies_stay_two(world: World, visitor: Visitor) -> None:
    """An answer with two Set-Cookie lines has both."""
    answer = visitor.get(world.url("open", "/cookies"))
    assert [line.partition("=")[0] for line in answer.headers.get_all("Set-Cookie") or []] == ["first", "second"]


def test_head_has_no_body_and_the_next_answer_fits(world: World, visitor: Visitor) -> None:
    """HEAD tells the length and sends nothing; the connection goes on."""
    talk = visitor.connect("open.appproxy.localhost")
    host = f"Host: open.appproxy.localhost:{world.port}\r\n"
    talk.sendall(f"HEAD /download/1 HTTP/1.1\r\n{host}\r\nGET /healthy HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
    received = b""
    while data := talk.recv(65536):
        received += data
    first, _, rest = received.partition(b"\r\n\r\n")
    assert b"content-length: 1048576" in first.lower()
    assert rest.startswith(b"HTTP/1.1 200")
    assert rest.endswith(b"fine\n")


def test_trailers_pass(world: World, visitor: Visitor) -> None:
    """What the application adds after a chunked body arrives."""
    talk = visitor.connect("open.appproxy.localhost")
    fields = f"Host: open.appproxy.localhost:{world.port}\r\nTE: trailers\r\nConnection: close, TE\r\n"
    talk.sendall(f"GET /trailers HTTP/1.1\r\n{fields}\r\n".encode())
    received = b""
    while data := talk.recv(65536):
        received += data
    assert b"x-checksum: 5891b5b5" in received.lower()


def test_100_continue_comes_before_the_body(world: World, visitor: Visitor) -> None:
    """Who asks whether to send a body is told so before sending it."""
    talk = visitor.connect("open.appproxy.localhost")
    fields = f"Host: open.appproxy.localhost:{world.port}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
    talk.sendall(f"PUT /upload HTTP/1.1\r\n{fields}\r\n".encode())
    assert talk.recv(65536).startswith(b"HTTP/1.1 100 ")
    talk.sendall(b"hello")
    assert b'"size": 5' in talk.recv(65536)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("reset", 502, "ORIGIN_CLOSED"), ("close", 502, "ORIGIN_CLOSED"), ("garbage", 502, "ORIGIN_MALFORMED"),
        ("big-head", 502, "ORIGIN_HEAD_TOO_LARGE"),
    ],
)  # fmt: skip
def test_a_fault_before_the_answer_is_named(world: World, visitor: Visitor, fault: str, status: int, code: str) -> None:
    """What goes wrong at the application gets a page that names it."""
    answer = visitor.navigate(world.url("open", f"/fault/{fault}"))
    assert (answer.status, code in answer.text) == (status, True)


def test_an_error_of_the_application_is_its_own(world: World, visitor: Visitor) -> None:
    """An answer of status 500 passes as the application made it."""
    answer = visitor.navigate(world.url("open", "/fault/500"))
    assert (answer.status, answer.text) == (500, "The application failed, and this is its own answer.\n")


@pytest.mark.parametrize("fault", ["reset-midway", "short", "short-chunk"])
def test_a_broken_answer_never_looks_complete(world: World, visitor: Visitor, fault: str) -> None:
    """When the application breaks off, so does the user's connection: nobody takes half for the whole."""
    talk = visitor.connect("open.appproxy.localhost")
    talk.sendall(f"GET /fault/{fault} HTTP/1.1\r\nHost: open.appproxy.localhost:{world.port}\r\n\r\n".encode())
    received = b""
    with pytest.raises((ConnectionResetError, socket.timeout, OSError)):
        while True:
            data = talk.recv(65536)
            if not data:
                # TLS tells an orderly end (close_notify) from a cut; so does a missing last chunk or byte.
                raise ConnectionResetError
            received += data
    assert not received.endswith(b"0\r\n\r\n")


def test_a_long_redirect_passes(world: World, visitor: Visitor) -> None:
    """A redirect to an address of 4,000 characters is followed through us."""
    answer = visitor.navigate(world.url("open", "/redirect/4000"))
    assert answer.status == 200
    assert len(answer.url) > 4000


def test_requests_side_by_side(world: World, visitor: Visitor) -> None:
    """A slow answer holds nobody else up."""
    slow = visitor.connect("open.appproxy.localhost")
    slow.sendall(f"GET /slow/3 HTTP/1.1\r\nHost: open.appproxy.localhost:{world.port}\r\nConnection: close\r\n\r\n".encode())
    began = usual_seconds()
    assert visitor.get(world.url("open", "/healthy")).text == "fine\n"
    assert usual_seconds() - began < 2.5
    received = b""
    while data := slow.recv(65536):
        received += data
    assert received.endswith(b"This answer took 3 s.\n")
