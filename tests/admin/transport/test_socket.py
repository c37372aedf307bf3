"""The admin API at the socket of a running service."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock, Cooperator
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from twisted.web.server import Site

from appproxy.admin.base.pages import etag_of
from appproxy.admin.base.principal import Principal
from appproxy.admin.transport.socket import (
    BODY_LIMIT,
    AdminResource,
    AdminSocket,
    _BoundedRequest,
    check_directory,
    peer_uid,
)
from appproxy.errors import ConfigError
from appproxy.store.names import NotFound


class Api:
    """Stands in for AdminApi: notes calls, gives what it was told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, object, str]] = []
        self.matches: list[str] = []
        self.answer: Deferred[object] | None = None

    def call(self, method: str, path: str, body: object, principal: Principal, if_match: str = "") -> Deferred[object]:
        """Called by the resource."""
        assert principal == Principal.full(principal.name)
        self.matches.append(if_match)
        self.calls.append((method, path, body, principal.name))
        return self.answer if self.answer is not None else succeed({"ok": True})


class End:
    """One caller's connection to the socket."""

    def __init__(self, api: object, uid: int = 0, cooperator: Cooperator | None = None) -> None:
        resource = AdminResource(api, frozenset({0, 1000}), lambda transport: uid, cooperator)  # type: ignore[arg-type]
        self._channel = Site(resource, requestFactory=_BoundedRequest, reactor=MemoryReactorClock()).buildProtocol(None)
        self.transport = StringTransport()
        self._channel.makeConnection(self.transport)

    def leave(self) -> None:
        """The caller is gone."""
        self._channel.connectionLost(Failure(ConnectionLost()))

    def send(self, data: bytes) -> None:
        """Bytes of a request."""
        self._channel.dataReceived(data)

    def answer(self) -> tuple[int, str, Any]:
        """Status, content type and JSON of what came back."""
        head, _, body = self.transport.value().partition(b"\r\n\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        if "transfer-encoding" in fields:
            body = b"".join(body.split(b"\r\n")[1::2])
        return int(head.split()[1]), fields["content-type"], json.loads(body)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> tuple[int, str, Any]:
        """A whole request, and its answer."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        if body:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self.send(head.encode() + b"\r\n" + body)
        return self.answer()


def test_a_call_goes_through_with_its_caller() -> None:
    """The actor is the user that the kernel names; the path stays encoded."""
    api = Api()
    assert End(api, 1000).ask("POST", "/users/a%2Fb", b'{"name": "x"}') == (200, "application/json", {"ok": True})
    assert End(api).ask("GET", "/users")[0] == 200
    assert api.calls == [("POST", "/users/a%2Fb", {"name": "x"}, "local:1000"), ("GET", "/users", None, "local:0")]


def test_fields_of_a_query_are_in_its_url() -> None:
    """Numbers are numbers; an ETag that is asked for goes along."""
    api = Api()
    assert End(api).ask("GET", "/audit?limit=20&before=7")[0] == 200
    assert End(api).ask("GET", "/users?after=%C3%BC&limit=x")[0] == 200
    assert [body for _, _, body, _ in api.calls] == [{"limit": 20, "before": 7}, {"after": "ü", "limit": "x"}]


@pytest.mark.parametrize(("asked", "status"), [("", 200), ('If-None-Match: "TAG"', 304), ('If-None-Match: W/"TAG", "x"', 304),
                                               ('If-None-Match: "x"', 200)])
def test_what_the_caller_has_is_not_sent_again(asked: str, status: int) -> None:
    """With its ETag."""
    api = Api()
    api.answer = succeed({"id": "1", "problems": []})
    tag = etag_of({"id": "1"}, ())
    end = End(api)
    line = asked.replace("TAG", tag) + "\r\n" if asked else ""
    end.send(f"GET /applications/w HTTP/1.1\r\nHost: localhost\r\n{line}\r\n".encode())
    said = end.transport.value().decode()
    assert said.startswith(f"HTTP/1.1 {status} ") and f'"{tag}"' in said and ("problems" in said) is (status == 200)


@pytest.mark.parametrize(("field", "match"), [
    ('"abc"', "abc"), ("*", ""), ('""', '""'), ('W/"abc"', 'W/"abc'), ('"a", "b"', 'a", "b'),
])
def test_a_precondition_goes_along(field: str, match: str) -> None:
    """Only one strong ETag can be met; a star is met by whatever is there."""
    api = Api()
    End(api).send(f"DELETE /users/ann HTTP/1.1\r\nHost: localhost\r\nIf-Match: {field}\r\n\r\n".encode())
    assert api.matches == [match]


def test_it_says_that_it_is_alive() -> None:
    """Without the store, and to those who may call only."""
    api = Api()
    assert End(api).ask("GET", "/alive") == (
        200, "application/json", {"process": os.getpid(), "reloads": 0, "failed_reloads": 0, "why": ""})
    assert End(api, 1001).ask("GET", "/alive")[0] == 403
    assert api.calls == []


def test_strangers_are_refused() -> None:
    """Another user of the machine reaches no operation."""
    api = Api()
    status, kind, body = End(api, 1001).ask("GET", "/users")
    assert (status, kind) == (403, "application/problem+json") and "only root" in body["detail"]
    assert api.calls == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json; charset=utf-8", 200),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'"' + b"x" * (BODY_LIMIT - 2) + b'"', "application/json", 200),
        (b'"' + b"x" * (BODY_LIMIT - 1) + b'"', "application/json", 413),
    ],
)
def test_bodies_are_json_and_bounded(body: bytes, kind: str, status: int) -> None:
    """Anything else is refused before an operation is looked for."""
    api = Api()
    assert End(api).ask("POST", "/users", body, kind)[0] == status
    assert len(api.calls) == (status == 200)


def test_a_chunked_body_is_bounded_too() -> None:
    """It announces no length; what is too much is dropped as it comes."""
    end = End(Api())
    end.send(b"POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(BODY_LIMIT // 0x20000 + 2):
        end.send(b"20000\r\n" + b"x" * 0x20000 + b"\r\n")
    end.send(b"0\r\n\r\n")
    assert end.answer()[0] == 413


def test_errors_are_problems() -> None:
    """With a line for people; a fault of ours is logged and tells nothing."""
    api = Api()
    api.answer = fail(NotFound("there is no user 'x'"))
    assert End(api).ask("GET", "/users/x")[2]["detail"] == "there is no user 'x'"
    api.answer = fail(ZeroDivisionError("canary"))
    with capturedLogs() as events:
        status, _, body = End(api).ask("GET", "/users/x")
    assert status == 500 and "canary" not in str(body)
    assert len(events) == 1


def test_a_caller_who_left_gets_nothing() -> None:
    """The operation ends as it would have; nothing is written to a lost connection."""
    api = Api()
    api.answer = Deferred()
    end = End(api)
    end.send(b"GET /users HTTP/1.1\r\nHost: x\r\n\r\n")
    from twisted.internet.error import ConnectionLost
    from twisted.python.failure import Failure

    end._channel.connectionLost(Failure(ConnectionLost()))
    with capturedLogs() as events:
        api.answer.callback({})
    assert end.transport.value() == b"" and events == []


class TestSocket:
    """The socket itself."""

    def test_it_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        """A socket that a dead service left is replaced."""
        tmp_path.chmod(0o700)
        path = tmp_path / "admin.sock"
        path.touch()
        reactor: Any = MemoryReactorClock()
        service = AdminSocket(reactor, Api(), path)  # type: ignore[arg-type]
        service.startService()
        assert not path.exists()
        assert reactor.unixServers[0][0] == str(path)
        assert reactor.unixServers[0][3] == 0o600
        service.stopService()

    def test_a_worker_answers_what_its_parent_hands_over(self, tmp_path: Path) -> None:
        """It opens no socket; a reload is asked of the parent, and counted there."""
        reactor: Any = MemoryReactorClock()
        service = AdminSocket(reactor, Api(), tmp_path / "admin.sock")  # type: ignore[arg-type]
        opened: list[Any] = []

        def open_(site: Any) -> Any:
            opened.append(site)
            return reactor.listenTCP(1, site)

        service.serve_handed(open_, 77, 3)
        service.no_successor("why")
        assert service.running and reactor.unixServers == []
        assert opened[0].resource.alive == {"process": 77, "reloads": 3, "failed_reloads": 1, "why": "why"}
        service.stopService()

    def test_an_open_directory_is_refused(self, tmp_path: Path) -> None:
        """With the command that helps."""
        tmp_path.chmod(0o750)
        with pytest.raises(ConfigError, match=f"chmod 700 {tmp_path}"):
            AdminSocket(MemoryReactorClock(), Api(), tmp_path / "admin.sock").startService()  # type: ignore[arg-type]
        tmp_path.chmod(0o700)
        check_directory(tmp_path)

    def test_a_path_that_no_socket_can_have(self, tmp_path: Path) -> None:
        """Linux allows 107 bytes; the admin is told before anything is cut off."""
        tmp_path.chmod(0o700)
        long = tmp_path / ("x" * 100)
        long.mkdir(mode=0o700)
        with pytest.raises(ConfigError, match="shorter path"):
            AdminSocket(MemoryReactorClock(), Api(), long / "admin.sock").startService()  # type: ignore[arg-type]

    def test_the_kernel_names_the_caller(self) -> None:
        """Over a pair of real sockets, the other end is this very user."""
        class Transport:
            """As Twisted's, it has its socket."""

            def __init__(self, mine: socket.socket) -> None:
                self.socket = mine

        ours, theirs = socket.socketpair(socket.AF_UNIX)
        with ours, theirs:
            assert peer_uid(Transport(ours)) == os.getuid()


@pytest.mark.parametrize("leaves", [False, True])
def test_a_long_listing_is_written_turn_by_turn(leaves: bool) -> None:
    """Users wait for none of the turns for long; who leaves gets no more."""
    clock, api = Clock(), Api()
    api.answer = succeed([{"number": number} for number in range(1201)])
    end = End(api, cooperator=Cooperator(lambda: lambda: True, lambda step: clock.callLater(1, step)))
    end.send(b"GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n")
    sizes = [len(end.transport.value())]
    while clock.getDelayedCalls():
        if leaves and len(sizes) == 3:
            end.leave()
        clock.advance(1)
        sizes.append(len(end.transport.value()))
    if leaves:
        assert len(sizes) == 4 and sizes[3] == sizes[2]
    else:
        assert [row["number"] for row in end.answer()[2]] == list(range(1201))
        assert len(set(sizes)) > 3
