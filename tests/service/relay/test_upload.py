"""What a user sends: nothing of it before it is asked for, none of it twice, and none of it lost between two connections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock

from appproxy.errors import Code
from appproxy.http.refused import RefusedFields, refused_fields
from appproxy.net.read_gate import ReadGate
from appproxy.service.exchange.exchange import BodyReader
from appproxy.service.relay.upload import Upload
from appproxy.tunnel.exchanges import Step
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from tests.service.exchanges import FakeExchange, Producer, head_for

#: As much of a body is kept for another try.
HELD = 65536


class Reading:
    """Of the user's transport: is it read?"""

    def __init__(self) -> None:
        self.on = True

    def pauseProducing(self) -> None:
        self.on = False

    def resumeProducing(self) -> None:
        self.on = True


@dataclass(eq=False)
class User(FakeExchange):
    """Whose body comes when the test says so; `told` what happened, in order."""

    head: Any = field(default_factory=lambda: head_for("https://wiki.example.com/", b"PUT", body=None))
    body: bytes | None = None
    told: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        self._read_gate = ReadGate(self.reading)

    @property
    def read_gate(self) -> IPushProducer:
        return self._read_gate

    def read_body(self, reader: BodyReader) -> IPushProducer:
        self.told.append("read")
        return super().read_body(reader)

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        self.told.append("switch")
        self.reader = reader
        return Producer()


@dataclass(eq=False)
class Link:
    """A data connection: what it was given, in order."""

    given: list[object] = field(default_factory=list)
    source: object = None

    def body(self, data: bytes) -> None:
        self.given.append(data)

    def end(self, trailers: bytes) -> None:
        self.given.append(("end", trailers))

    def go(self) -> None:
        self.given.append("go")

    def feed(self, source: object) -> None:
        self.source = source


@dataclass
class Plan:
    dropped: RefusedFields = field(default_factory=refused_fields)


@dataclass
class Relay:
    clock: Clock = field(default_factory=Clock)
    limits: TunnelLimits = DEFAULT_LIMITS


@dataclass(eq=False)
class Asking:
    """The request that the body belongs to."""

    exchange: User | None = field(default_factory=User)
    data: Link | None = None
    plan: Plan = field(default_factory=Plan)
    relay: Relay = field(default_factory=Relay)
    steps: list[Step] = field(default_factory=list)
    moved: int = 0
    ended: int = 0
    cuts: list[Code] = field(default_factory=list)
    held: bool = True

    def handed_over(self) -> None:
        self.steps.append(Step.HANDED_OVER)

    def outgrown(self) -> None:
        self.held = False

    def upload_moved(self) -> None:
        self.moved += 1

    def upload_ended(self) -> None:
        self.ended += 1

    def cut(self, code: Code, why: str) -> None:
        self.cuts.append(code)

    def upload(self, replayable: bool = True, most: int | None = None) -> Upload:
        return Upload(cast(Any, self), replayable=replayable, most=most)

    def attach(self, upload: Upload) -> Link:
        """A connector asks for the body."""
        link = self.data = Link()
        upload.begin(cast(Any, self.exchange), cast(Any, link))
        return link

    @property
    def user(self) -> User:
        assert self.exchange is not None
        return self.exchange


def test_nothing_is_read_before_a_connector_asks() -> None:
    """Then the user is read, and paused by that connection from then on."""
    asking = Asking()
    upload = asking.upload()
    assert (asking.user.told, upload.handed_over) == ([], False)
    link = asking.attach(upload)
    assert asking.user.told == ["read"]
    assert (link.given, link.source) == ([], asking.user.read_gate)
    assert not upload.handed_over


def test_the_first_byte_hands_the_request_over() -> None:
    """Once, however many pieces follow; each of them tells that the user moves."""
    asking = Asking()
    upload = asking.upload()
    link = asking.attach(upload)
    upload.body_received(b"a")
    upload.body_received(b"b")
    assert link.given == [b"a", b"b"]
    assert upload.handed_over and asking.steps == [Step.HANDED_OVER]
    assert (asking.moved, asking.ended) == (2, 0)


def test_an_empty_body_hands_it_over_too() -> None:
    """Its end is all that there is; then nothing pauses the user on its account."""
    asking = Asking(exchange=User(body=b""))
    upload = asking.upload()
    link = asking.attach(upload)
    assert link.given == [("end", b"")]
    assert upload.handed_over and upload.over and link.source is None
    assert (asking.ended, asking.relay.clock.getDelayedCalls()) == (1, [])


def test_trailers_pass_without_what_users_may_not_say() -> None:
    """A trailer is as good a place for a forged field as the head."""
    asking = Asking()
    upload = asking.upload()
    link = asking.attach(upload)
    upload.body_ended([(b"x-sum", b"7"), (b"x-user", b"admin")])
    assert link.given == [("end", b"x-sum: 7\n")]


def test_go_is_said_to_a_user_who_waits() -> None:
    """After a tenth of a second without a byte, and it hands the request over; a byte before makes it needless."""
    asking = Asking()
    upload = asking.upload()
    link = asking.attach(upload)
    asking.relay.clock.advance(DEFAULT_LIMITS.go_after - 0.01)
    assert link.given == []
    asking.relay.clock.advance(0.01)
    assert link.given == ["go"]
    assert upload.handed_over and asking.steps == [Step.HANDED_OVER]


@pytest.mark.parametrize("how", ["a byte", "stop", "cancel"])
def test_go_is_not_said_once_it_is_needless(how: str) -> None:
    """A byte has come, the connector wants no more, or nobody does: no timer stays behind."""
    asking = Asking()
    upload = asking.upload()
    link = asking.attach(upload)
    if how == "a byte":
        upload.body_received(b"x")
    elif how == "stop":
        upload.stop()
    else:
        upload.cancel_go()
    assert asking.relay.clock.getDelayedCalls() == []
    asking.relay.clock.advance(1)
    assert "go" not in link.given


def test_after_stop_nothing_is_written() -> None:
    """The connector reads no more: pieces and the end are dropped."""
    asking = Asking()
    upload = asking.upload()
    link = asking.attach(upload)
    upload.stop()
    upload.body_received(b"x")
    upload.body_ended([])
    assert (link.given, asking.ended, asking.user.reading.on) == ([], 0, True)


@pytest.mark.parametrize(("size", "held"), [(HELD, True), (HELD + 1, False)])
def test_a_small_body_is_held_for_another_try(size: int, held: bool) -> None:
    """64 KiB, and not a byte more, whether in one piece or in many."""
    for pieces in ([size], [HELD // 2, size - HELD // 2]):
        asking = Asking()
        upload = asking.upload()
        asking.attach(upload)
        for piece in pieces:
            upload.body_received(b"x" * piece)
        assert asking.held is held


def test_what_may_not_be_sent_twice_is_not_held() -> None:
    """A POST: a second connection gets nothing of what the first one had."""
    asking = Asking()
    upload = asking.upload(replayable=False)
    asking.attach(upload)
    upload.body_received(b"x")
    upload.again()
    assert asking.attach(upload).given == []


def test_the_second_connector_gets_all_from_the_beginning() -> None:
    """What the first one had, what came between the two, and the rest; the user is read once."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    upload.body_received(b"one")
    asking.data = None
    upload.again()
    assert not upload.handed_over
    upload.body_received(b"two")
    link = asking.attach(upload)
    upload.body_received(b"three")
    upload.body_ended([])
    assert link.given == [b"one", b"two", b"three", ("end", b"")]
    assert asking.user.told == ["read"]
    assert asking.steps == [Step.HANDED_OVER] * 2


def test_a_complete_body_is_sent_again_with_its_end() -> None:
    """Nothing more comes from the user, so the second connection does not pause them."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    upload.body_received(b"all")
    upload.body_ended([(b"x-sum", b"7")])
    asking.data = None
    upload.again()
    link = asking.attach(upload)
    assert link.given == [b"all", ("end", b"x-sum: 7\n")]
    assert link.source is None and asking.ended == 2


@pytest.mark.parametrize("replayable", [True, False])
def test_between_two_connections_the_user_is_paused_and_nothing_is_lost(replayable: bool) -> None:
    """Also of a POST that was not handed over: one read comes late, and waits. The next connection wakes the user."""
    asking = Asking()
    upload = asking.upload(replayable)
    asking.attach(upload)
    asking.data = None
    upload.body_received(b"late")
    assert not asking.user.reading.on
    assert not upload.handed_over and asking.moved == 0
    link = asking.attach(upload)
    assert link.given == [b"late"] and upload.handed_over
    assert asking.user.reading.on and link.source is asking.user.read_gate


def test_a_user_who_has_sent_all_meanwhile_is_read_on() -> None:
    """So that their leaving is heard; the next connection gets piece and end."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    asking.data = None
    upload.body_received(b"late")
    upload.body_ended([])
    assert asking.user.reading.on and asking.ended == 0
    assert asking.attach(upload).given == [b"late", ("end", b"")]


def test_what_comes_late_counts_as_held() -> None:
    """A third connection gets it too; and with too much of it there is no third one."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    for _ in range(2):
        asking.data = None
        upload.again()
        upload.body_received(b"x" * (HELD // 2))
        link = asking.attach(upload)
    assert b"".join(cast(list[bytes], link.given)) == b"x" * HELD and asking.held
    asking.data = None
    upload.again()
    upload.body_received(b"x")
    asking.attach(upload)
    assert not asking.held


def test_what_nobody_waits_for_is_dropped() -> None:
    """The request is over: nothing is kept, and the user is not paused."""
    user = User()
    asking = Asking(exchange=user)
    upload = asking.upload()
    asking.attach(upload)
    asking.data = asking.exchange = None
    upload.body_received(b"late")
    upload.body_ended([])
    assert user.reading.on
    asking.exchange = user
    asking.ended = 0
    assert b"late" not in asking.attach(upload).given


def test_attaching_again_leaves_one_timer() -> None:
    """GO of the connection before is not said on this one early."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    asking.relay.clock.advance(DEFAULT_LIMITS.go_after - 0.01)
    asking.data = None
    link = asking.attach(upload)
    assert len(asking.relay.clock.getDelayedCalls()) == 1
    asking.relay.clock.advance(0.01)
    assert link.given == []


def test_a_stream_is_handed_over_and_never_held() -> None:
    """After 101 bytes are nobody's to send twice."""
    asking = Asking(data=Link())
    upload = asking.upload()
    assert asking.data is not None
    upload.stream(cast(Any, asking.exchange), cast(Any, asking.data), b"upgrade: websocket\n")
    assert asking.user.told == ["switch"]
    assert upload.handed_over and asking.data.source is not None
    upload.body_received(b"ping" * HELD)
    assert asking.data.given == [b"ping" * HELD] and asking.steps == [] and asking.held


def test_a_request_that_ends_while_it_moves_writes_nothing_more() -> None:
    """Telling that bytes move may end the request; its data connection is then another's."""
    class Ending(Asking):
        def upload_moved(self) -> None:
            self.data = None

    asking = Ending()
    upload = asking.upload()
    link = asking.attach(upload)
    upload.body_received(b"x")
    assert link.given == []


def test_a_stop_counts_for_one_connector_only() -> None:
    """The next one may want what the one before did not."""
    asking = Asking()
    upload = asking.upload()
    asking.attach(upload)
    upload.stop()
    asking.data = None
    upload.again()
    link = asking.attach(upload)
    upload.body_received(b"x")
    assert link.given == [b"x"]


def test_a_byte_too_many() -> None:
    """All that the application takes passes; one more is cut, and not one byte of its piece goes on."""
    asking = Asking()
    upload = asking.upload(most=5)
    link = asking.attach(upload)
    upload.body_received(b"abc")
    upload.body_received(b"de")
    assert asking.cuts == []
    for piece in (b"f", b"g"):
        upload.body_received(piece)
    assert (asking.cuts, link.given, upload.over) == ([Code.BODY_TOO_LARGE], [b"abc", b"de"], True)


def test_a_first_piece_too_long_hands_nothing_over() -> None:
    """The application has seen nothing of it."""
    asking = Asking()
    upload = asking.upload(most=5)
    link = asking.attach(upload)
    upload.body_received(b"abcdef")
    assert (asking.cuts, link.given, upload.handed_over) == ([Code.BODY_TOO_LARGE], [], False)
    assert asking.relay.clock.getDelayedCalls() == []


def test_what_is_sent_twice_counts_once() -> None:
    """What was lost with a data connection, and what came between two, is of the same body."""
    asking = Asking()
    upload = asking.upload(most=5)
    asking.attach(upload)
    upload.body_received(b"abc")
    asking.data = None
    upload.body_received(b"de")
    upload.again()
    link = asking.attach(upload)
    assert (asking.cuts, link.given) == ([], [b"abc", b"de"])
    upload.body_received(b"f")
    assert asking.cuts == [Code.BODY_TOO_LARGE]
