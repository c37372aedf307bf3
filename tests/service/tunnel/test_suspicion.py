"""A connector that does not answer while requests wait for it."""

from __future__ import annotations

from twisted.logger import capturedLogs

from appproxy.service.tunnel.suspicion import ANSWER_SECONDS, QUIET_SECONDS
from appproxy.tunnel.frames import Frame, Kind
from tests.service.world import GET, POST, Signal, User, World, requests

#: Until it is suspected: the silence, the answer that does not come, and a look each second.
SUSPECTED = int(QUIET_SECONDS + ANSWER_SECONDS) + 1


class Two:
    """Two connectors, of which the first has a request."""

    def __init__(self, world: World, request: bytes = GET) -> None:
        self.world = world
        #: How often somebody was asked, and has answered.
        self.answers = 0
        self.came: dict[int, list[Frame]] = {}
        self.first = world.welcomed("c1")
        self.user = self.ask(request)
        self.at_first = requests(self.first.frames())
        self.second = world.welcomed("c2")

    def ask(self, request: bytes = GET) -> User:
        """One more user with a request."""
        user = self.world.user()
        user.send(request)
        return user

    def wait(self, seconds: float, *alive: Signal) -> None:
        """Let time pass, in which these connectors answer what they are asked."""
        for _ in range(int(seconds * 4)):
            self.world.clock.advance(0.25)
            for one in alive:
                self.came.setdefault(id(one), []).extend(one.frames())
                if output := one.session.take_output():
                    self.answers += 1
                    one.link.dataReceived(output)

    def heard_by(self, signal: Signal) -> list[int]:
        """Kinds of frames that have come there since the last look."""
        return [frame[0] for frame in self.frames(signal)]

    def frames(self, signal: Signal) -> list[Frame]:
        """The frames themselves."""
        return [*self.came.pop(id(signal), []), *signal.frames()]


def test_others_take_over_what_is_safe(world: World) -> None:
    """A GET is given to another connector within three seconds; the first one is told to leave it."""
    two = Two(world)
    assert len(two.at_first) == 1
    with capturedLogs() as events:
        two.wait(SUSPECTED, two.second)
    assert two.heard_by(two.first) == [Kind.CANCEL]
    ((id, _),) = requests(two.frames(two.second))
    two.second.answer(id, body=b"well")
    assert two.user.wire.take().endswith(b"well")
    assert [event["count"] for event in events if "does not answer" in event["log_format"]] == [1]


def test_what_is_not_safe_waits(world: World) -> None:
    """A POST may have been processed: it has its answer when the connector goes on."""
    two = Two(world, POST + b"hello")
    ((id, _),) = two.at_first
    two.wait(SUSPECTED, two.second)
    assert Kind.REQ not in two.heard_by(two.second)
    two.first.answer(id, body=b"in the end")
    assert two.user.wire.take().endswith(b"in the end")


def test_new_requests_go_elsewhere_until_it_answers(world: World) -> None:
    """However many the other one has; then it is as good as before."""
    two = Two(world, POST + b"hello")
    two.wait(SUSPECTED, two.second)
    for _ in range(4):
        two.ask(POST + b"hello")
    assert two.heard_by(two.second).count(Kind.REQ) == 4
    two.heard_by(two.first)
    two.wait(2, two.first, two.second)
    two.ask(POST + b"hello")
    assert two.heard_by(two.first).count(Kind.REQ) == 1


def test_a_slow_application_is_no_silence(world: World) -> None:
    """The connector answers when it is asked, though the request takes its time; and it is not asked without end."""
    two = Two(world)
    two.wait(20, two.first, two.second)
    assert Kind.REQ not in two.heard_by(two.second)
    assert two.answers <= 20


def test_without_another_nothing_is_taken_away(world: World) -> None:
    """It would only wait elsewhere, and count as tried."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    ((id, _),) = requests(first.frames())
    world.clock.pump([0.25] * 4 * (SUSPECTED + 2))
    first.answer(id, body=b"well")
    assert user.wire.take().endswith(b"well")


def test_a_delay_of_ours_suspects_nobody(world: World) -> None:
    """What the connectors have said meanwhile was not read yet."""
    two = Two(world)
    two.wait(1.25)
    world.clock.advance(5)
    assert Kind.CANCEL not in two.heard_by(two.first)


def test_who_has_nothing_to_do_may_be_silent(world: World) -> None:
    """It is asked as often as a heartbeat asks."""
    first = world.welcomed("c1")
    world.clock.pump([0.25] * 40)
    assert first.frames() == [] and not world.relay.roster.peers["c1"].suspected
