"""One user cannot starve the others: each attack takes all that it can get, and others are served as before.

The attacker comes from an
address of its own and is signed in nowhere; the others are alice, who is, and an address without a sign-in; they use the
attacked application and another one.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.end_to_end.h2_user import H2User
from tests.end_to_end.shares_system import STREAMS, Others, Shared, shared_places
from tests.end_to_end.world import DOMAIN, PATIENCE, appproxy, until

pytestmark = pytest.mark.alone

ATTACKER = "127.0.0.66"
#: Seconds: whatever takes no longer is good enough on a machine that does other things too.
FLOOR = 0.4


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A system of this file's own."""
    with shared_places(tmp_path_factory.mktemp("shares")) as system:
        yield system


@dataclass(slots=True)
class Attack:
    """Connections of one attacker, and what came back."""

    system: Shared
    open: list[socket.socket] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)

    def plain(self) -> socket.socket:
        found = socket.create_connection(("127.0.0.1", self.system.port), 20, source_address=(ATTACKER, 0))
        self.open.append(found)
        return found

    def tls(self, *alpn: str, name: str = "attacked") -> ssl.SSLSocket:
        context = self.system.context()
        if alpn:
            context.set_alpn_protocols(alpn)
        found = context.wrap_socket(self.plain(), server_hostname=f"{name}.{DOMAIN}")
        self.open.append(found)
        return found

    def h1(self, head: str, rest: bytes = b"", name: str = "attacked") -> ssl.SSLSocket:
        found = self.tls(name=name)
        found.sendall(f"{head} HTTP/1.1\r\nHost: {self.system.host(name)}\r\n".encode() + rest)
        return found

    def h2(self) -> H2User:
        return H2User.over(self.tls("h2"), self.system.host("attacked"))

    def statuses(self, users: list[H2User]) -> Counter[bytes]:
        """What has been answered by now."""
        for user in users:
            user.idle(0.2)
        return Counter(head[b":status"] for user in users for head in user.heads.values())

    def program(self, name: str) -> None:
        """Let a program attack."""
        command = [sys.executable, "-m", f"tests.end_to_end.{name}", str(self.system.port), f"attacked.{DOMAIN}"]
        self.system.supervisor.start(name, command, "ready", PATIENCE)
        self.programs.append(name)

    def end(self) -> None:
        for one in self.open:
            one.close()
        for name in self.programs:
            self.system.supervisor.end(name)


def zero_windows(attack: Attack) -> None:
    """4 kB: 3 HTTP/2 connections of 100 streams, whose windows stay at 0."""
    for _ in range(3):
        connection = attack.tls("h2")
        user = H2User.__new__(H2User)
        user.socket = connection
        user.authority = attack.system.host("attacked").encode()
        from ngh2 import Configuration, Connection, Role, Setting

        user.session = Connection(Role.CLIENT, Configuration(auto_window_update=False))
        user.session.initiate_connection({Setting.INITIAL_WINDOW_SIZE: 0})
        for _ in range(100):
            user.session.send_request([(b":method", b"GET"), (b":scheme", b"https"), (b":authority", user.authority),
                                       (b":path", b"/kib/1024")], end_stream=True)
        connection.sendall(user.session.data_to_send())


def one_byte_uploads(attack: Attack) -> None:
    """300 uploads that send one byte of many."""
    for _ in range(300):
        attack.h1("POST /upload", b"Content-Length: 100000\r\n\r\nu")


def slow_readers(attack: Attack) -> None:
    """300 downloads that nobody reads."""
    for _ in range(300):
        attack.h1("GET /kib/4096", b"\r\n")


def hanging_requests(attack: Attack) -> None:
    """1,000 requests that the application never answers."""
    for _ in range(10):
        user = attack.h2()
        for _ in range(100):
            user.ask("/hang")


def event_streams(attack: Attack) -> None:
    """1,000 event streams: those beyond the limit are refused early, and only those."""
    users = [attack.h2() for _ in range(10)]
    for user in users:
        for _ in range(100):
            user.ask("/events")
    for user in users:
        user.until(lambda: len(user.heads) == 100, 30)  # noqa: B023 -- it is called at once
    statuses = attack.statuses(users)
    assert set(statuses) == {b"200", b"503"} and STREAMS <= statuses[b"200"] <= STREAMS + 1, statuses
    refused = next(head for user in users for head in user.heads.values() if head[b":status"] == b"503")
    assert int(refused[b"retry-after"]) > 0
    found = appproxy("doctor", "--state", str(attack.system.state)).out
    assert f"{ATTACKER} at attacked: SHARE_EXCEEDED" in found, found


def rapid_resets(attack: Attack) -> None:
    """Requests that are reset at once, as fast as the service takes them."""
    attack.program("rapid_resets")


ATTACKS: list[Callable[[Attack], None]] = [
    zero_windows, one_byte_uploads, slow_readers, hanging_requests, event_streams, rapid_resets]


@pytest.fixture(scope="module")
def others(system: Shared) -> Others:
    """They have warmed up."""
    others = Others(system)
    others.work()
    return others


@pytest.mark.parametrize("what", ATTACKS, ids=lambda what: what.__name__)
def test_others_do_not_notice(system: Shared, others: Others, what: Callable[[Attack], None]) -> None:
    """While the attack runs, nobody else's request fails, and the slow ones of them take at most twice as long as before."""
    usual = others.work()
    attack = Attack(system)
    try:
        what(attack)
        time.sleep(1)
        under = others.work()
    finally:
        attack.end()
    print(f"{what.__name__}: usual p99 {usual:.3f} s, under attack {under:.3f} s")
    assert under <= max(2 * usual, FLOOR)
    until(lambda: system.in_flight() == 0, "requests of the attack still count", 20)


@pytest.mark.parametrize(("name", "most"), [("eight", FLOOR), ("three", 2.5)])
def test_one_user_cannot_hold_all_connections_to_an_application(system: Shared, name: str, most: float) -> None:
    """Downloads that nobody reads, twice as many as the application has connections, and more as soon as some are cut."""
    visitor, attack, took = system.visitor(), Attack(system), []
    try:
        for _ in range(16):
            attack.h1("GET /kib/4096", b"\r\n", name)
        time.sleep(4)
        for _ in range(3):
            attack.h1("GET /kib/4096", b"\r\n", name)
            began = time.monotonic()
            assert visitor.get(system.url(name, "/small")).text == "small"
            took.append(time.monotonic() - began)
    finally:
        attack.end()
    print(f"{name}: {took}")
    assert max(took) <= most
    until(lambda: system.in_flight() == 0, "requests of the attack still count", 20)
