"""The parent of several workers: starts them, gives them connections, and puts others in their place."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths, dump_service
from appproxy.errors import ConfigError
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.last_arrivals import HANDSHAKE_SECONDS
from appproxy.twistd.workers.crew import FIRST_DELAY, MOST_UNTAKEN, SETTLE_SECONDS, UNANSWERED
from appproxy.twistd.workers.handed import FAILED, PARTING, REPLACED, STOP
from appproxy.twistd.workers.parent import ParentProgram
from tests.net.hand_reactor import HandReactor
from tests.tunnel.test_asked_node import hello
from tests.twistd.workers.stand import StandIn, stand_ins
from tests.twistd.workers.test_doors import free


class Service:
    """A parent with stand-ins for workers."""

    def __init__(self, directory: Path, workers: int = 2, given: Inherited | None = None, why: str = "") -> None:
        self.reactor = HandReactor()
        self.paths = StatePaths(directory)
        self.settings = ServiceSettings(domain="example.com", listen=free(), tunnel_listen=free(), workers=workers)
        self.paths.settings.write_text(dump_service(self.settings))
        self.program = ParentProgram(directory, self.settings, self.reactor, {"NOTIFY_SOCKET": "/nowhere", "A": "b"},
                                     given or Inherited(), why)
        self.program.running = True
        self.said: list[str] = []
        self.failed: list[Failure] = []
        self.ended: list[None] = []
        self.users: list[socket.socket] = []
        self.all: list[StandIn] = []

    def begin(self) -> list[StandIn]:
        """Start it; gives the workers that it wants."""
        Deferred.fromCoroutine(self.program.begin()).addCallbacks(self.said.append, self.failed.append)
        return self.new()

    def new(self) -> list[StandIn]:
        """Workers that it has asked for since."""
        self.reactor.turn()
        found = stand_ins(self.reactor)
        self.all += found
        return found

    def serve(self) -> list[StandIn]:
        """Start it, with all its workers."""
        workers = self.begin()
        for one in workers:
            one.serve()
        assert self.failed == []
        self.reactor.advance(SETTLE_SECONDS)
        return workers

    def come(self, data: bytes = b"", *, to_tunnel: bool = False) -> None:
        """A user comes, or a connector."""
        address = self.settings.tunnel_listen if to_tunnel else self.settings.listen
        user = socket.create_connection((address.host, address.port))
        user.sendall(data)
        self.users.append(user)
        self.reactor.turn()

    def end(self) -> None:
        """Ask for its end."""
        self.program.running = False
        Deferred.fromCoroutine(self.program.end()).addCallback(self.ended.append)
        self.reactor.turn()

    def write(self, settings: ServiceSettings) -> None:
        """The file is another one."""
        self.paths.settings.write_text(dump_service(settings))
        self.settings = settings


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Not begun."""
    tmp_path.chmod(0o700)
    made = Service(tmp_path)
    before = signal.getsignal(signal.SIGHUP)
    yield made
    signal.signal(signal.SIGHUP, before)
    for one in made.all:
        one.close()
    for user in made.users:
        user.close()
    made.reactor.turn()
    made.program._doors.close()


def counts(*workers: StandIn) -> list[int]:
    """Connections that each has got."""
    return [len(one.got) for one in workers]


def test_it_serves_when_all_workers_do(service: Service) -> None:
    """Users of before then have waited. Service managers are told by the parent alone."""
    one, two = service.begin()
    assert "NOTIFY_SOCKET" not in one.process.environment and one.process.environment["A"] == "b"
    one.serve()
    service.come()
    assert service.said == [] and counts(one, two) == [0, 0] and service.program.why_not_ready() == ""
    two.serve()
    assert re.fullmatch(r"on https://signin.example.com:\d+, connectors on port \d+, 2 workers", service.said[0])
    service.reactor.turn()
    assert sum(counts(one, two)) == 1
    service.reactor.advance(SETTLE_SECONDS)
    for _ in range(5):
        service.come()
    assert counts(one, two) == [3, 3]
    assert {setting for setting, _ in one.got} == {"listen"}


def test_a_connector_gets_the_worker_that_it_asks_for(service: Service) -> None:
    """Through the one port of all; one that asks for nobody gets any."""
    one, two = service.serve()
    for _ in range(3):
        service.come(hello("node2.connect.example.com"), to_tunnel=True)
    assert counts(one, two) == [0, 3] and {setting for setting, _ in two.got} == {"tunnel_listen"}
    service.come(hello("connect.example.com"), to_tunnel=True)
    service.come(hello("gone.connect.example.com"), to_tunnel=True)
    assert sum(counts(one, two)) == 5 and len(one.got) >= 1


def test_commands_go_to_one_worker(service: Service) -> None:
    """At the socket that there always was."""
    one, two = service.serve()
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(service.paths.admin_socket))
            service.reactor.turn()
    assert counts(one, two) == [2, 0] and one.got[0][0] == "admin"


def test_connectors_come_in_beside_a_flood_of_users(service: Service) -> None:
    """Users wait in the queue of their own port meanwhile."""
    one, two = service.serve()
    one.takes = two.takes = False
    for _ in range(MOST_UNTAKEN * 2 + 5):
        service.come()
    assert counts(one, two) == [MOST_UNTAKEN, MOST_UNTAKEN]
    service.come(hello("node2.connect.example.com"), to_tunnel=True)
    assert two.got[-1][0] == "tunnel_listen" and counts(one, two) == [MOST_UNTAKEN, MOST_UNTAKEN + 1]


def test_commands_go_to_another_worker_when_that_is_stuck(service: Service) -> None:
    """An admin can look into it meanwhile."""
    one, two = service.serve()
    one.takes = False
    for expected in ([1, 0], [1, 1]):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(service.paths.admin_socket))
            service.reactor.turn()
        assert counts(one, two) == expected
        service.reactor.advance(UNANSWERED)


def test_a_worker_that_dies_is_started_again(service: Service) -> None:
    """Users come to the other one meanwhile, also those that it had not taken; again and again it takes longer."""
    one, two = service.serve()
    one.takes = False
    service.come()
    service.come()
    service.come()
    untaken = len(one.got)
    assert untaken == 1
    one.end()
    assert counts(two) == [3] and service.new() == []
    service.reactor.advance(FIRST_DELAY)
    (again,) = service.new()
    assert again.number == one.number and service.program.restarts == 1
    again.serve("other")
    service.come()
    assert counts(again, two) == [0, 4]
    service.reactor.advance(SETTLE_SECONDS)
    service.come()
    assert counts(again, two) == [1, 4]
    again.end()
    service.reactor.advance(FIRST_DELAY)
    assert service.new() == []
    service.reactor.advance(FIRST_DELAY)
    assert len(service.new()) == 1


def test_when_all_workers_are_gone_users_wait(service: Service) -> None:
    """Until one is there again; and who asks whether the service is ready is told."""
    one, two = service.serve()
    one.end()
    two.end()
    assert service.program.why_not_ready() == "no worker is ready"
    service.come()
    service.reactor.advance(FIRST_DELAY * 2)
    first, _ = service.new()
    first.serve()
    service.reactor.turn()
    assert counts(first) == [1] and service.program.why_not_ready() == ""


def test_a_worker_that_cannot_start_ends_the_start(service: Service) -> None:
    """As for one process: its lines say why. The lock is free when all is over."""
    one, two = service.begin()
    one.end()
    assert [str(failure.value) for failure in service.failed] == [
        "worker 1 could not start; the lines before this one say why"]
    service.end()
    assert service.ended == [] and two.said == [STOP]
    two.end()
    assert service.ended == [None]
    lock = ServiceLock(service.paths.lock)
    assert lock.try_acquire()
    lock.release()


def test_a_reload_puts_others_in_their_place(service: Service) -> None:
    """They are as many as the settings say now, get users when connectors had time to find them, and the former end."""
    one, two = service.serve()
    service.write(replace(service.settings, workers=3))
    service.program.reload()
    new = service.new()
    assert [each.number for each in new] == [3, 4, 5] and {each.place["reloads"] for each in new} == {1}
    service.program.reload()  # one is enough
    for each in new:
        each.serve()
    service.come()
    assert counts(one, two, *new) in ([1, 0, 0, 0, 0], [0, 1, 0, 0, 0]) and one.said == []
    service.come(hello("node4.connect.example.com"), to_tunnel=True)
    assert counts(new[1]) == [1]
    service.reactor.advance(SETTLE_SECONDS)
    service.reactor.turn()
    assert one.said == two.said == [REPLACED]
    before = sum(counts(one, two))
    for _ in range(6):
        service.come()
    assert sum(counts(one, two)) == before and sum(counts(*new)) == 7
    service.come(hello("node1.connect.example.com"), to_tunnel=True)
    assert sum(counts(one, two)) == before + 1, "what a former worker has under way must still reach it"
    one.end()
    two.end()
    assert service.new() == [] and service.program.restarts == 0


@pytest.mark.parametrize("late", [False, True])
def test_a_reload_that_fails_changes_nothing(service: Service, late: bool) -> None:
    """Whether a worker cannot start, or ends as soon as it serves: those of before go on, and say why when asked."""
    one, two = service.serve()
    service.program.reload()
    first, second = service.new()
    first.serve()
    if late:
        second.serve()
    second.end()
    service.reactor.turn()
    assert one.said == [FAILED + f"worker {second.number} could not start; the lines before this one say why".encode()]
    assert first.said == [STOP]
    first.end()
    service.reactor.advance(60.0)
    assert service.new() == []
    service.come()
    assert sum(counts(one, two)) == 1
    service.program.reload()
    assert [each.place["reloads"] for each in service.new()] == [2, 2]


def test_settings_that_are_wrong_are_not_taken_up(service: Service) -> None:
    """No worker is started for them."""
    one, _ = service.serve()
    service.paths.settings.write_text('domain = "example.com"\nlisten = "nowhere"\n')
    with capturedLogs() as logs:
        service.program.reload()
        assert service.new() == []
    assert b"listen: " in one.said[0] and one.said[0].startswith(FAILED)
    assert any("the present ones go on" in str(event.get("log_format")) for event in logs)


def test_an_address_that_moves_at_a_reload(service: Service) -> None:
    """Users find the new one once the new workers serve, and the old one until then."""
    one, two = service.serve()
    former = service.settings
    service.write(replace(former, listen=free()))
    service.program.reload()
    new = service.new()
    for each in new:
        each.serve()
    service.reactor.advance(SETTLE_SECONDS)
    service.come()
    assert sum(counts(*new)) == 1 and sum(counts(one, two)) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((former.listen.host, former.listen.port))


def test_an_address_of_a_reload_that_fails_is_free_again(service: Service) -> None:
    """Nobody waits there for workers that never come."""
    service.serve()
    moved = replace(service.settings, listen=free())
    service.paths.settings.write_text(dump_service(moved))
    service.program.reload()
    service.new()[0].end()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((moved.listen.host, moved.listen.port))
    service.come()


def test_what_a_reload_has_replaced_is_not_started_again(service: Service) -> None:
    """Also when it had died right before."""
    one, two = service.serve()
    for _ in range(4):
        one.end()
        service.reactor.advance(30.0)
        one = service.new()[0]
    one.end()
    service.program.reload()
    for each in service.new():
        each.serve()
    service.reactor.advance(SETTLE_SECONDS)
    two.end()
    service.reactor.advance(60.0)
    assert service.new() == []


def test_its_end_waits_for_all_workers(service: Service) -> None:
    """Nobody is let in meanwhile, and none of them is started again."""
    one, two = service.serve()
    early = socket.create_connection((service.settings.listen.host, service.settings.listen.port))
    service.users.append(early)
    service.end()
    assert one.said == two.said == [] and service.program.why_not_ready() == "draining"
    service.reactor.advance(HANDSHAKE_SECONDS)
    service.reactor.turn()
    assert sum(counts(one, two)) == 1, "who was there already is given away first"
    assert one.said == two.said == [STOP]
    with pytest.raises(ConnectionRefusedError):
        service.come()
    one.end()
    assert service.ended == []
    two.end()
    service.reactor.advance(60.0)
    assert service.ended == [None] and service.new() == []


def test_what_keeps_workers_from_being(tmp_path: Path) -> None:
    """A command line that several processes cannot share, and a service with one process that runs beside."""
    tmp_path.chmod(0o700)
    for service, said in ((Service(tmp_path, why="twistd keeps a pid file"), "workers: twistd keeps a pid file"),
                          (Service(tmp_path, given=Inherited({"x": 0})), "stop it and start it again")):
        assert service.begin() == []
        assert service.failed[0].check(ConfigError) and said in str(service.failed[0].value)


def test_balancers_hear_of_the_end_before_it(service: Service) -> None:
    """While `/ready` says so, users are served as ever."""
    service.write(replace(service.settings, unready_seconds=7.0))
    service.program.settings = replace(service.settings, unready_seconds=7.0)
    one, two = service.serve()
    service.end()
    service.reactor.advance(6.0)
    service.come()
    assert sum(counts(one, two)) == 1 and one.said == [] and service.program.why_not_ready() == "draining"
    service.reactor.advance(1.0)
    service.reactor.advance(HANDSHAKE_SECONDS)
    service.reactor.turn()
    assert one.said == two.said == [STOP]


def test_a_worker_that_somebody_else_has_told_to_end(service: Service) -> None:
    """It goes on until another one serves, and is no worker that has died: nobody is sent to one that is about to leave."""
    one, two = service.serve()
    one.pipe.send(PARTING)
    one.pipe.send(PARTING)
    (other,) = service.new()
    before = sum(counts(one))
    for _ in range(2):
        service.come()
    assert sum(counts(one)) == before + 1 and one.said == []
    other.serve()
    service.reactor.advance(SETTLE_SECONDS)
    service.reactor.turn()
    assert one.said == [REPLACED] and two.said == []
    before = sum(counts(one))
    for _ in range(4):
        service.come()
    assert sum(counts(one)) == before and sum(counts(two, other)) >= 4
    one.end()
    assert service.new() == [] and service.program.restarts == 0


def test_an_end_of_all_that_each_worker_is_told_of_too(service: Service) -> None:
    """As by a service manager that signals all processes: who has connected is still given away."""
    one, two = service.serve()
    for each in (one, two):
        each.pipe.send(PARTING)
    service.reactor.turn()
    third, fourth = service.new()
    user = socket.create_connection((service.settings.listen.host, service.settings.listen.port))
    service.users.append(user)
    service.end()
    service.reactor.advance(HANDSHAKE_SECONDS)
    service.reactor.turn()
    assert sum(counts(one, two)) == 1 and one.said == two.said == third.said == fourth.said == [STOP]
