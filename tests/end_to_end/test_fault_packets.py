"""A connector behind a link that loses and delays packets, or swallows all of them without a word."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from statistics import median

import pytest

from appproxy.config import ServiceSettings
from appproxy.config.values import Address
from appproxy.demo.supervisor import Supervisor, twistd
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.twistd.state import create_state
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.lossy_link import FAR, NEAR, LossyLink, why_not
from tests.end_to_end.ports import free_port
from tests.end_to_end.system import PROMPT, System
from tests.end_to_end.wire import Reply, Wire, ask
from tests.end_to_end.world import DOMAIN, PATIENCE, environment, until

#: Seconds in which a path that swallows all packets is noticed while requests wait, and what the connector says then.
NOTICED = 15.0
GIVEN_UP = "nothing that was sent has arrived"
_WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)


@dataclass(slots=True)
class Distant(System):
    """A service here; a connector `far` and its application in a network of their own."""

    link: LossyLink = field(default_factory=LossyLink)
    inside: int = field(default_factory=free_port)

    def build(self) -> None:
        """From nothing to a running system."""
        settings = ServiceSettings(
            domain=DOMAIN, listen=Address("127.0.0.1", self.port), tunnel_listen=Address(NEAR, self.tunnel_port),
            tunnel_address=f"{NEAR}:{self.tunnel_port}", log_format="json",
        )  # fmt: skip
        create_state(self.state, settings, time.time(), os.environ)  # noqa: TID251 -- certificates are dated
        self.application("raw", f"http://127.0.0.1:{self.inside}", preauth="passthrough")
        self.start_service()
        self.ids["far"] = self.join("far")
        self.supervisor.start("far application", self.link.there(*self.sample()), "ready on", PATIENCE)
        self.supervisor.start(
            "far", self.link.there(*twistd("appproxy-connector", "--state", str(self.directory / "far"))),
            "appproxy-connector ready and connected", PATIENCE,
        )  # fmt: skip

    def sample(self) -> list[str]:
        """The command of the sample application: the same address at both sides."""
        return [sys.executable, "-m", "appproxy.demo.application", "--listen", f"127.0.0.1:{self.inside}"]

    def is_online(self, name: str) -> bool:
        """Has the service this connector?"""
        return any(one["id"] == self.ids[name] and one["online"] for one in self.call("GET", "/connectors"))


@pytest.fixture(scope="module")
def distant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distant]:
    """Service and connector with the link between them."""
    directory = tmp_path_factory.mktemp("distant")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        system = Distant(directory, supervisor)
        try:
            system.build()
            yield system
        finally:
            system.link.loss = system.link.delay = 0.0
            supervisor.stop()
            system.link.stop()
            system.origin.stop()


class Asking(threading.Thread):
    """One request in a thread of its own; `reply` is its answer, `seconds` how long it took."""

    def __init__(self, system: System, target: str, method: str = "GET", body: bytes | None = None) -> None:
        super().__init__(daemon=True)
        self._system = system
        self._request = (method, target, "distant", body)
        self.reply: Reply | None = None
        self.seconds = 0.0
        self.start()

    def run(self) -> None:
        began = usual_seconds()
        with Wire(self._system, "raw") as wire:
            wire.socket.settimeout(2 * DEFAULT_LIMITS.dead_after)
            wire.request(*self._request)
            self.reply = wire.reply()
        self.seconds = usual_seconds() - began

    def answer(self, seconds: float) -> Reply:
        """Wait for it."""
        until(lambda: not self.is_alive(), "no answer", seconds)
        assert self.reply is not None, "the connection broke"
        return self.reply


@pytest.mark.parametrize(("loss", "delay"), [(0.01, 0.1), (0.05, 0.2), (0.2, 0.3)])
def test_packets_are_lost_and_late(distant: Distant, loss: float, delay: float) -> None:
    """Everything arrives whole, only later; small requests do not wait for the stream beside them."""
    link = distant.link
    link.loss, link.delay, lost = loss, delay / 2, link.lost
    size = 1
    body = os.urandom(100_000)
    try:
        with Wire(distant, "raw") as bulk:
            bulk.request("GET", f"/download/{size}", "bulk")
            small = [Asking(distant, "/headers") for _ in range(12)]
            posted = [Asking(distant, "/upload", "POST", body) for _ in range(2)]
            assert [one.answer(60).status for one in small] == [200] * len(small)
            # A lost packet costs its own connection a retransmission or a few, whatever the stream beside it suffers.
            assert sorted(one.seconds for one in small)[len(small) // 2] < 20 * delay + PROMPT
            for one in posted:
                reply = one.answer(120)
                assert (reply.status, sha256(body).hexdigest().encode() in reply.body) == (200, True), reply.body
            bulk.socket.settimeout(120)
            received = bulk.reply()
            assert (received.status, len(received.body)) == (200, size << 20)
        assert link.lost > lost
        assert distant.is_online("far")
        assert "signal connection lost" not in distant.supervisor.find("far").output(), "it flaps"
    finally:
        link.loss = link.delay = 0.0
    digest = sha256(received.body).hexdigest().encode()
    assert digest in ask(distant, "raw", f"/download/{size}/sha256").body


@pytest.mark.alone
def test_small_requests_on_a_full_link(distant: Distant) -> None:
    """1 Mbit/s with 16 downloads: they take at most three times as long as beside the same downloads without appproxy."""
    port = free_port()
    command = [sys.executable, "-m", "appproxy.demo.application", "--listen", f"{FAR}:{port}"]
    distant.supervisor.start("direct application", distant.link.there(*command), "ready on", PATIENCE)
    distant.link.rate = 125_000.0
    try:
        # Which packets are lost is chance: one measurement of two may be a bad one.
        for _ in range(2):
            direct = small_ones(lambda: Straight(port))
            tunnelled = small_ones(lambda: Wire(distant, "raw"))
            if median(tunnelled) < 3 * median(direct):
                break
    finally:
        distant.link.rate = 0.0
        distant.supervisor.end("direct application")
    assert median(tunnelled) < 3 * max(median(direct), 0.2), (sorted(direct), sorted(tunnelled))
    until(lambda: ask(distant).status == 200 and distant.is_online("far"), "it does not recover", 20)
    assert "signal connection lost" not in distant.supervisor.find("far").output(), "it flaps"


#: Seconds after which a user on a full link gives up.
PATIENT = 15.0


class Straight:
    """A connection to the application itself."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection(FAR, port, timeout=60)
        self._connection.connect()
        self.socket: socket.socket = self._connection.sock

    def request(self, method: str, target: str, case: str) -> None:
        """As a wire does it."""
        self._connection.request(method, target)

    def reply(self) -> object:
        """The same."""
        answer = self._connection.getresponse()
        answer.read()
        return answer

    def close(self) -> None:
        """The same."""
        self._connection.close()


def small_ones(connect: Callable[[], Straight | Wire]) -> list[float]:
    """How long small requests take beside 16 downloads, of three users who ask for 12 s; afterwards nobody is there."""
    bulk = []
    for number in range(16):
        one = connect()
        one.request("GET", "/download/50", f"bulk {number}")
        bulk.append(one)
    readers = [threading.Thread(target=_pour, args=(one.socket,), daemon=True) for one in bulk]
    for reader in readers:
        reader.start()
    time.sleep(3)
    took: list[float] = []
    over = time.monotonic() + 12

    def use() -> None:
        one = connect()
        one.socket.settimeout(PATIENT)
        while time.monotonic() < over:
            began = time.monotonic()
            try:
                one.request("GET", "/headers", "small")
                one.reply()
            except OSError:  # lost so often that its kernel waits longer each time
                took.append(PATIENT)
                break
            took.append(time.monotonic() - began)
            time.sleep(0.3)
        one.close()

    users = [threading.Thread(target=use) for _ in range(3)]
    for user in users:
        user.start()
    for user in users:
        user.join(90)
    for one in bulk:
        with suppress(OSError):
            one.socket.shutdown(socket.SHUT_RDWR)
        one.close()
    time.sleep(3)
    return took


def _pour(end: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while end.recv(16_384):
            pass


def test_a_link_that_swallows_everything(distant: Distant) -> None:
    """No connection is closed, and none answers: noticed in 15 s, at both ends; who can goes to another connector."""
    distant.supervisor.start("near application", distant.sample(), "ready on", PATIENCE)
    asking = [Asking(distant, "/slow/3"), Asking(distant, "/slow/3")]
    time.sleep(1)
    distant.ids["near"] = distant.join("near")
    distant.start_connector("near")
    for one in asking:
        assert one.answer(30).status == 200
    asking = [Asking(distant, "/slow/3") for _ in range(4)]
    asking += [Asking(distant, "/upload", "POST", b"once") for _ in range(4)]
    time.sleep(1)
    began = time.monotonic()
    distant.link.loss = 1.0
    try:
        asking += [Asking(distant, "/headers") for _ in range(8)]
        until(lambda: not distant.is_online("far"), "the service does not notice", NOTICED + PROMPT)
        assert time.monotonic() - began > PROMPT, "something has closed the connections: this is no half-open tunnel"
        connector = distant.supervisor.find("far")
        left = began + NOTICED + PROMPT - time.monotonic()
        until(lambda: GIVEN_UP in connector.output(), "the connector does not notice", left)
        statuses = [one.answer(DEFAULT_LIMITS.limbo_seconds + PROMPT).status for one in asking]
        assert statuses[:4] + statuses[8:] == [200] * 12, "what may be repeated fails over"
        assert set(statuses[4:8]) <= {200, 502, 504}
        assert ask(distant).status == 200
    finally:
        distant.link.loss = 0.0
    until(lambda: distant.is_online("far"), "the connector does not come back", 20 + PROMPT)
    distant.supervisor.end("near", 30)
    assert ask(distant).status == 200
