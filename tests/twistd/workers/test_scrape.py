"""The parent's page of metrics, of all workers."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from appproxy.twistd.workers.crew import UNANSWERED, Member
from appproxy.twistd.workers.page import ParentPage
from appproxy.twistd.workers.scrape import own_numbers
from tests.net.hand_reactor import HandReactor


class Reader:
    """A transport that only reads."""

    def __init__(self, reactor: HandReactor, found: socket.socket, protocol: Any) -> None:
        self.reactor, self.socket, self.protocol = reactor, found, protocol
        self.fileno = found.fileno
        reactor.addReader(self)

    def write(self, data: bytes) -> None:
        """Send it."""
        self.socket.sendall(data)

    def doRead(self) -> None:
        """Something has come, or the end."""
        data = self.socket.recv(65536)
        if data:
            self.protocol.dataReceived(data)
        else:
            self.abortConnection()

    def abortConnection(self) -> None:
        """Close."""
        self.reactor.removeReader(self)
        self.socket.close()
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Turning(HandReactor):
    """One that makes connections of what is adopted."""

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        """As a reactor's."""
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(Reader(self, socket.fromfd(descriptor, family, socket.SOCK_STREAM), protocol))


@dataclass(eq=False)
class Worker:
    """One that says this, if it says anything."""

    text: str | None
    #: Bytes at the end of its answer that it does not come to send.
    cut: int = 0
    member: Member = field(default_factory=lambda: Member(1, 0, ready=0.0))
    asked: int = 0
    kept: list[socket.socket] = field(default_factory=list)

    def give(self, parcel: tuple[socket.socket, str]) -> None:
        """It gets a connection to its own page."""
        found, setting = parcel
        assert setting == "metrics_listen" and found.recv(1000).startswith(b"GET /metrics HTTP/1.1\r\n")
        self.asked += 1
        if self.text is None:
            self.kept.append(found)
            return
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(self.text), self.text.encode())
        found.sendall(answer[:len(answer) - self.cut])
        found.close()


class Asked:
    """An exchange."""

    def __init__(self, path: bytes) -> None:
        self.head = SimpleNamespace(method=b"GET", target=path)
        self.over = False
        self.status = 0
        self.text = ""

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """Keep it."""
        self.over, self.status, self.text = True, status, body.decode()


class Scene:
    """A page, of these workers."""

    def __init__(self, *workers: Worker) -> None:
        self.reactor = Turning()
        self.workers: dict[Any, str] = {one: str(number) for number, one in enumerate(workers, 1)}
        self.why_not = ""
        self.page = ParentPage(self.reactor, lambda: self.workers, lambda: self.why_not, lambda: "own 1.0\n")

    def ask(self, path: bytes = b"/metrics") -> Asked:
        """Somebody asks."""
        asked: Any = Asked(path)
        self.page(asked)
        self.reactor.turn()
        return asked  # type: ignore[no-any-return]


def text(count: int) -> str:
    """A worker's page."""
    return f"# HELP n_total N.\n# TYPE n_total counter\nn_total {count}.0\n"


def test_all_workers_are_on_one_page() -> None:
    """With what the parent counts; one that is not ready is not asked."""
    starting = Worker(text(100), member=Member(3, 0))
    scene = Scene(Worker(text(1)), Worker(text(2)), starting)
    asked = scene.ask()
    assert asked.status == 200 and asked.text.splitlines()[-2:] == ["n_total 3.0", "own 1.0"] and starting.asked == 0
    assert scene.reactor.getDelayedCalls() == []


def test_a_worker_that_does_not_answer_holds_nobody_up_for_long() -> None:
    """What it said before counts; whoever asks meanwhile gets the same page."""
    slow = Worker(text(2))
    scene = Scene(Worker(text(1)), slow)
    scene.ask()
    slow.text = None
    one, two = scene.ask(), scene.ask()
    assert not one.over and not two.over and slow.asked == 2
    scene.reactor.advance(10.0)
    assert "n_total 3.0" in one.text and one.text == two.text
    for found in slow.kept:
        found.close()


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 6, 12, 14, 20, 30, 44, 48, 60, 90])
def test_a_worker_that_is_killed_while_it_answers(cut: int) -> None:
    """Half a page, or half a number, is none: what it said before counts, and whoever asks next is answered, too."""
    killed = Worker(text(12))
    scene = Scene(Worker(text(1)), killed)
    scene.ask()
    killed.text, killed.cut = text(34), cut
    assert "n_total 13.0" in scene.ask().text
    killed.cut = 0
    assert "n_total 35.0" in scene.ask().text


def test_a_stuck_worker_is_not_asked_again_and_again() -> None:
    """Each question would keep a descriptor; what it said before counts, and it is asked again once it goes on."""
    stuck = Worker(text(2))
    scene = Scene(Worker(text(1)), stuck)
    scene.ask()
    stuck.member.oldest = 0.0
    scene.reactor.advance(UNANSWERED)
    assert "n_total 3.0" in scene.ask().text and stuck.asked == 1
    stuck.member.oldest = None
    assert "n_total 3.0" in scene.ask().text and stuck.asked == 2


def test_what_is_no_page_holds_nobody_up() -> None:
    """What its worker said before counts."""
    odd = Worker(text(2))
    scene = Scene(Worker(text(1)), odd)
    scene.ask()
    for odd.text in ("n_total many\n", "# TYPE n_total\n", "n_total\n"):
        with capturedLogs() as logs:
            assert "n_total 3.0" in scene.ask().text
        assert [event["log_format"] for event in logs] == ["a worker cannot be asked for its metrics: {reason}"]


def test_without_descriptors_there_are_the_numbers_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is there, and nothing is left open."""
    scene = Scene(Worker(text(1)))
    scene.ask()

    def refuse(*args: object) -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(scene.reactor, "adoptStreamConnection", refuse)
    assert "n_total 1.0" in scene.ask().text and scene.reactor.getDelayedCalls() == []


def test_what_a_worker_had_counted_stays() -> None:
    """When it is gone."""
    gone = Worker(text(5))
    scene = Scene(Worker(text(1)), gone)
    scene.ask()
    scene.page.ended(gone)  # type: ignore[arg-type]
    del scene.workers[gone]
    assert "n_total 6.0" in scene.ask().text


def test_without_any_worker() -> None:
    """The page has the parent's own numbers."""
    assert Scene().ask().text == "own 1.0\n" == Scene().ask().text


@pytest.mark.parametrize(("path", "why_not", "status", "said"), [
    (b"/live", "draining", 200, "ok\n"), (b"/ready", "", 200, "ok\n"), (b"/ready?x", "draining", 503, "draining\n"),
    (b"/other", "", 404, "only GET /metrics, /live and /ready are here\n"),
])
def test_whether_it_lives_and_is_ready(path: bytes, why_not: str, status: int, said: str) -> None:
    """It lives as long as it answers; it is ready while any worker takes users."""
    scene = Scene()
    scene.why_not = why_not
    asked = scene.ask(path)
    assert (asked.status, asked.text) == (status, said)


def test_the_parents_own_numbers() -> None:
    """How many workers serve, and how many have ended by themselves."""
    parent: Any = SimpleNamespace(workers={Worker(""): "1", Worker("", member=Member(2, 0)): "2"}, restarts=7)
    assert [line for line in own_numbers(parent).splitlines() if line[0] != "#"] == [
        "appproxy_workers 1.0", "appproxy_worker_restarts_total 7.0"]
