"""What administrators set holds over HTTP/2 too: rules for other origins, translated pages, an end of access."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import brotli
import pytest
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType
from wsproto.events import TextMessage

from appproxy.admin.transport.client import AdminClient
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.behaviours import accept_websocket
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.h2_user import H2User, Headers
from tests.end_to_end.origins import Call
from tests.end_to_end.system import PROMPT, System
from tests.end_to_end.test_bodies import page, public, says, system, visitor
from tests.end_to_end.world import DOMAIN, until

__all__ = ["system", "visitor"]

_PAGE = b"https://app.example.org"


@contextmanager
def h2(system: System, name: str, *, manual: bool = False) -> Iterator[H2User]:
    with closing(H2User(system.port, system.anchor, f"{name}.{DOMAIN}", manual=manual)) as user:
        yield user


class TestOtherOrigins:
    """Cross-origin calls (CORS), as browsers make them."""

    @pytest.fixture(autouse=True)
    def rule(self, system: System) -> Iterator[None]:
        """One origin may PUT."""
        system.call("POST", "/applications/held/cors", resource="/h2-api", origins=[_PAGE.decode()], methods=["PUT"],
                    credentials=True, max_age=60)
        yield
        AdminClient(system.state, admit_password).call("DELETE", "/applications/held/cors", {"resource": "/h2-api"})

    def heads(self, user: H2User, *asked: tuple[str, Headers]) -> list[dict[bytes, bytes]]:
        """The heads of the answers to these, which are all sent before the first is read."""
        streams = [user.ask("/h2-api/x", method, *fields, (b"x-case", b"cors over h2")) for method, fields in asked]
        user.until(lambda: user.ended.issuperset(streams))
        return [user.heads[stream] for stream in streams]

    def test_preflights_are_answered_before_any_sign_in(self, system: System) -> None:
        """The origin that may is told so, the other one is not, side by side; the application hears of neither."""
        asks = (b"access-control-request-method", b"PUT")

        def both() -> list[dict[bytes, bytes]]:
            return self.heads(user, ("OPTIONS", [(b"origin", _PAGE), asks]),
                              ("OPTIONS", [(b"origin", b"https://evil.example"), asks]))

        with h2(system, "held") as user:
            until(lambda: both()[0][b":status"] == b"204", "the rule is not live", PROMPT)
            yes, no = both()
        assert yes[b"access-control-allow-origin"] == _PAGE and yes[b"access-control-allow-credentials"] == b"true"
        assert yes[b"access-control-allow-methods"] == b"PUT" and yes[b"access-control-max-age"] == b"60"
        assert no[b":status"] == b"403" and b"access-control-allow-origin" not in no
        assert system.origin.about("cors over h2") == []

    def test_calls(self, system: System) -> None:
        """Without a sign-in the page may read our 401; with one, the application's answer; another origin's may not."""
        cookie = (b"cookie", system.alice().cookie_field(f"held.{DOMAIN}")["Cookie"].encode())
        with h2(system, "held") as user:
            until(lambda: b"access-control-allow-origin" in self.heads(user, ("PUT", [(b"origin", _PAGE)]))[0],
                  "the rule is not live", PROMPT)
            unknown, known, evil = self.heads(
                user, ("PUT", [(b"origin", _PAGE)]), ("PUT", [(b"origin", _PAGE), cookie]),
                ("PUT", [(b"origin", b"https://evil.example"), cookie]))
        assert (unknown[b":status"], unknown[b"access-control-allow-origin"]) == (b"401", _PAGE)
        assert (known[b":status"], known[b"access-control-allow-origin"]) == (b"200", _PAGE)
        assert b"origin" in known[b"vary"].lower()
        assert b"access-control-allow-origin" not in evil


class TestTranslatedPages:
    """Internal addresses in pages become public ones."""

    @pytest.mark.usefixtures("visitor")
    @pytest.mark.parametrize(
        ("coding", "pack", "unpack"),
        [("gzip", gzip.compress, gzip.decompress), ("br", brotli.compress, brotli.decompress), ("", bytes, bytes)],
        ids=["gzip", "brotli", "plain"],
    )
    @pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
    def test_a_page(
        self, system: System, coding: str, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes], chunked: bool
    ) -> None:
        """In the coding that its application chose, whole, and with a length that is right or none."""
        body = page(system)
        path = f"/h2-{coding or 'plain'}-{chunked}"
        fields = "Content-Type: text/html; charset=utf-8\r\n" + (f"Content-Encoding: {coding}\r\n" if coding else "")

        def in_chunks(call: Call) -> bool:
            packed = pack(body)
            pieces = [packed[start:start + 100] for start in range(0, len(packed), 100)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
            call.send(f"HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks)
            return True

        if chunked:
            system.origin.on("/pages" + path, in_chunks)
        else:
            says(system, "/pages" + path, pack(body), fields)
        with h2(system, "pages") as user:
            stream = user.ask(path, "GET", (b"accept-encoding", b"gzip, br"))
            status, found = user.answer(stream)
            head = user.heads[stream]
            assert status == 200 and head.get(b"content-encoding", b"").decode() == coding
            assert unpack(found) == public(system, body)
            assert int(head.get(b"content-length", b"%d" % len(found))) == len(found)
            again = user.ask(path, "HEAD", (b"accept-encoding", b"gzip, br"))
            assert user.answer(again) == (200, b"")

    @pytest.mark.usefixtures("visitor")
    def test_many_pages_at_once(self, system: System) -> None:
        """Side by side in small windows each is translated by itself; one that is cancelled and one unread spoil none."""
        noise = random.Random(8)
        wanted: dict[int, bytes] = {}
        for n in range(1, 7):
            rows = [b"<p>%b</p>" % noise.randbytes(50_000).hex().encode() for _ in range(n)]
            wanted[n] = b"".join(public(system, page(system)) + row for row in rows)
            packed = gzip.compress(b"".join(page(system) + row for row in rows), 1)
            says(system, f"/pages/h2-many/{n}", packed, "Content-Type: text/html\r\nContent-Encoding: gzip\r\n")
        with h2(system, "pages", manual=True) as user:
            user.session.set_local_window_size(1 << 24)
            streams = [user.ask(f"/h2-many/{n}", "GET", (b"accept-encoding", b"gzip")) for n in (*wanted, 5, 6)]
            *read, unread, gone = streams
            user.until(lambda: len(user.bodies[gone]) == len(user.bodies[unread]) == 65_535)
            user.session.reset_stream(gone)
            user.flush()
            taken = dict.fromkeys(read, 0)

            def all_ended() -> bool:
                for stream in read:
                    if fresh := len(user.bodies[stream]) - taken[stream]:
                        user.session.acknowledge_received_data(fresh, stream)
                        taken[stream] += fresh
                user.flush()
                return user.ended.issuperset(read)

            user.until(all_ended)
            assert [gzip.decompress(bytes(user.bodies[stream])) for stream in read] == list(wanted.values())
            assert unread not in user.ended and len(user.bodies[unread]) == 65_535


class TestAnEndOfAccess:
    """Who may no longer, is cut off; the connection's other streams are not."""

    def revoke(self, system: System) -> None:
        system.call("POST", "/sessions/revoke", user="alice")

    def lock(self, system: System) -> None:
        system.call("PATCH", "/users/alice", disabled=True)

    @pytest.fixture(autouse=True)
    def unlocked(self, system: System) -> Iterator[None]:
        """The system's user is there again for all others."""
        yield
        system.call("PATCH", "/users/alice", disabled=False)

    @pytest.mark.parametrize("end", [revoke, lock], ids=["sessions revoked", "user disabled"])
    def test_a_web_socket_in_the_middle_of_its_talk(self, system: System, end: Callable[[object, System], None]) -> None:
        """Its stream is reset within a second and its application told; what is open to everybody goes on beside it."""
        def echo(call: Call) -> None:
            accept_websocket(call)
            frames = Frames(ConnectionType.SERVER)
            while True:
                frames.receive_data(call.connection.read())
                for event in frames.events():
                    call.send(frames.send(event))

        go_on = threading.Event()

        def long(call: Call) -> None:
            call.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst,")
            go_on.wait(30)
            call.send(b"last")

        system.origin.on("/h2-talk", echo)
        system.origin.on("/h2-long", long)
        cookie = (b"cookie", system.alice().cookie_field(f"held.{DOMAIN}")["Cookie"].encode())
        origin = (b"origin", b"https://" + system.host("held").encode())
        with h2(system, "held") as user:
            talk = user.ask("/h2-talk", "CONNECT", (b"sec-websocket-version", b"13"), cookie, origin, body=None,
                            protocol=b"websocket")
            hello = Frames(ConnectionType.CLIENT).send(TextMessage("hello"))
            user.send(talk, hello)
            user.until(lambda: b"hello" in user.bodies[talk])
            user.authority = system.host("raw").encode()
            beside = user.ask("/h2-long")
            user.until(lambda: bool(user.bodies[beside]))
            began = usual_seconds()
            end(self, system)
            user.until(lambda: talk in user.resets or talk in user.ended)
            # Close 1008, policy violation (RFC 6455, section 7.4.1).
            assert usual_seconds() - began < PROMPT and b"\x03\xf0" in user.bodies[talk]
            (seen,) = [one for one in system.origin.seen if one.target == b"/h2-talk"][-1:]
            until(seen.left.is_set, "the application is still being used", PROMPT)
            go_on.set()
            assert user.answer(beside) == (200, b"first,last")
            user.authority = system.host("held").encode()
            assert user.answer(user.ask("/", "GET", cookie))[0] == 401
