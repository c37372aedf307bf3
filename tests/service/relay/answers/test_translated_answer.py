"""Bodies that are translated: how much of it in one turn, who waits meanwhile, and what becomes of a broken one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from twisted.internet.task import Clock

from appproxy.errors import Code, RequestError
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.publish.body.decoders import PIECE
from appproxy.service.relay.answers.translated_answer import TURN, TranslatedAnswer
from appproxy.tunnel.frames import Kind
from tests.service.exchanges import FakeExchange, head_for
from tests.service.relay.test_translated_bodies import HTML, PAGE, PUBLIC_PAGE, TRANSLATED
from tests.service.world import GET, World, only_request

#: Steps that fit into one turn.
STEPS = TURN // PIECE


def next_turn(clock: Clock) -> None:
    """What a reactor does in one turn: what is due by now, and not what that asks for in turn (`Clock.advance` does all)."""
    for call in [call for call in clock.calls if call.getTime() <= clock.seconds()]:
        clock.calls.remove(call)
        call.called = 1
        call.func(*call.args, **call.kw)


class Slow:
    """A translator that has one large step to do for each byte; an exclamation mark cannot be read."""

    def feed(self, data: bytes) -> bytes:
        raise AssertionError("nobody asks for all at once")

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for byte in data:
            if byte == 0x21:
                raise RequestError(Code.ORIGIN_MALFORMED, "an exclamation mark")
            yield PIECE, bytes([byte])

    def finish(self) -> bytes:
        return b"."


class Strict:
    """A transport that is paused and resumed in turn, never twice."""

    def __init__(self) -> None:
        self.reading = True

    def pauseProducing(self) -> None:
        assert self.reading
        self.reading = False

    def resumeProducing(self) -> None:
        assert not self.reading
        self.reading = True


@dataclass
class TranslationRig:
    """A body on its way, with all that is around it."""

    exchange: FakeExchange = field(default_factory=lambda: FakeExchange(head_for("https://wiki.example.com/")))
    clock: Clock = field(default_factory=Clock)
    transport: Strict = field(default_factory=Strict)
    faults: list[Code] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.read_gate = ReadGate(self.transport)
        self.body = TranslatedAnswer(self.exchange, Slow(), self.clock, self.read_gate, self.broken)
        self.exchange.register_producer(self.body)
        self.exchange.start(200, b"", None)

    def broken(self, code: Code, why: str) -> None:
        self.faults.append(code)
        self.exchange.abort()

    def turn(self) -> bytes:
        """The next turn of the reactor; gives all that the user has by then."""
        next_turn(self.clock)
        return self.exchange.content


def test_small_pieces_are_there_at_once() -> None:
    """Nobody waits for anything, and nothing is left to be called."""
    rig = TranslationRig()
    rig.body.write(b"ab")
    rig.body.finish(b"")
    assert (rig.exchange.content, rig.exchange.state, rig.transport.reading) == (b"ab.", "finished", True)
    rig.turn()
    assert rig.clock.getDelayedCalls() == []


@pytest.mark.parametrize("pieces", [[b"abcdefghij"], [b"a", b"b", b"cdefg", b"h", b"i", b"j"], [b"abcd", b"efgh", b"", b"ij"]])
def test_one_turn_does_only_so_much(pieces: list[bytes]) -> None:
    """Whether it comes in one piece or in many; the order stays, and whoever sends more is paused until all is used."""
    rig = TranslationRig()
    for piece in pieces:
        rig.body.write(piece)
    text = b"abcdefghij"
    assert (rig.exchange.content, rig.transport.reading) == (text[:STEPS], False)
    assert (rig.turn(), rig.transport.reading) == (text[: 2 * STEPS], False)
    assert (rig.turn(), rig.transport.reading) == (text, True)
    rig.body.write(b"kl")
    rig.body.finish(b"x: y\n")
    assert (rig.turn(), rig.exchange.state) == (text + b"kl.", "finished")


def test_the_end_waits_for_what_came_before() -> None:
    """The connection that the body came on is free for others at once, and is left alone from then on."""
    rig = TranslationRig()
    rig.body.write(b"abcdefghij")
    rig.body.finish(b"")
    assert (rig.exchange.content, rig.exchange.state, rig.read_gate.held) == (b"abcd", "flowing", 0)
    rig.body.pauseProducing()
    assert rig.read_gate.held == 0
    rig.body.resumeProducing()
    for _ in range(3):
        assert rig.read_gate.held == 0
        rig.turn()
    assert (rig.exchange.content, rig.exchange.state) == (b"abcdefghij.", "finished")


def test_what_a_slow_user_does_not_want_is_not_made() -> None:
    """Neither in this turn nor in later ones; the sender is paused for both reasons, and goes on after both are gone."""
    rig = TranslationRig()
    rig.body.write(b"abcdef")
    rig.body.pauseProducing()
    for _ in range(3):
        assert (rig.turn(), rig.read_gate.held) == (b"abcd", HoldReason.SLOW_PEER | HoldReason.BACKLOG)
    rig.body.resumeProducing()
    assert (rig.exchange.content, rig.read_gate.held) == (b"abcd", HoldReason.BACKLOG)
    assert (rig.turn(), rig.transport.reading) == (b"abcdef", True)


def test_the_end_reaches_a_slow_user_too() -> None:
    """Not before they have caught up."""
    rig = TranslationRig()
    rig.body.pauseProducing()
    rig.body.write(b"a")
    rig.body.finish(b"")
    assert (rig.turn(), rig.exchange.state) == (b"", "flowing")
    rig.body.resumeProducing()
    assert (rig.turn(), rig.exchange.state) == (b"a.", "finished")


@pytest.mark.parametrize("ended", [False, True])
def test_a_body_that_cannot_be_read_is_broken(ended: bool) -> None:
    """By whoever gives it while they still can; after the end, here."""
    rig = TranslationRig()
    rig.body.write(b"abcdef!gh")
    if ended:
        rig.body.finish(b"")
    assert rig.exchange.state == "flowing"
    rig.turn()
    assert (rig.exchange.content, rig.exchange.state) == (b"abcdef", "aborted")
    assert rig.faults == ([] if ended else [Code.ORIGIN_MALFORMED])
    assert rig.exchange.failure is (Code.ORIGIN_MALFORMED if ended else None)
    rig.turn()
    assert rig.clock.getDelayedCalls() == []


def test_nothing_is_done_for_a_user_who_has_left() -> None:
    """The connection to the connector is their request's no more, and is not held again."""
    rig = TranslationRig()
    rig.body.write(b"abcdefghij")
    rig.exchange.leave()
    rig.read_gate.release(HoldReason.BACKLOG | HoldReason.SLOW_PEER)
    assert (rig.turn(), rig.read_gate.held) == (b"abcd", 0)
    rig.turn()
    assert rig.clock.getDelayedCalls() == []


def test_a_small_complete_answer_tells_its_length() -> None:
    """It is given in one piece; one that cannot be read is left to the caller, who can still give a page."""
    exchange = FakeExchange(head_for("https://wiki.example.com/"))
    with pytest.raises(RequestError):
        TranslatedAnswer.whole(exchange, Slow(), Clock(), 200, b"", b"ab!")
    assert exchange.state == "open" and exchange.producer is None
    TranslatedAnswer.whole(exchange, Slow(), Clock(), 200, b"a: b\n", b"abc")
    assert (exchange.state, exchange.block, exchange.content) == ("answered", b"a: b\n", b"abc.")


@pytest.mark.parametrize(("body", "state"), [(b"abcdefghij", "finished"), (b"abcde!", "aborted")])
def test_a_large_complete_answer_is_given_in_turns(body: bytes, state: str) -> None:
    """Without a length, which nobody knows yet."""
    exchange, clock = FakeExchange(head_for("https://wiki.example.com/")), Clock()
    TranslatedAnswer.whole(exchange, Slow(), clock, 200, b"", body)
    assert (exchange.state, exchange.length, exchange.content) == ("flowing", None, body[:STEPS])
    clock.pump([0, 0, 0])
    assert (exchange.state, exchange.content) == (state, b"abcdefghij." if state == "finished" else b"abcde")
    assert exchange.failure is (None if state == "finished" else Code.ORIGIN_MALFORMED)


@pytest.mark.parametrize("in_line", [False, True])
def test_a_page_that_is_much_larger_than_what_came_takes_many_turns(in_line: bool) -> None:
    """From the connector to the user: no turn makes more than its share, and the page arrives whole, in its coding."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    row = b"<p>" + b"a row of many words, like all the others, " * 8 + b"%d</p>"
    page, public = (b"".join((one + row) % n for n in range(10_000)) for one in (PAGE, PUBLIC_PAGE))
    packed = gzip.compress(page)
    fields = HTML + b"content-encoding: gzip\n"
    assert len(page) > 3_600_000 > 80 * len(packed)
    if in_line:
        signal.answer(id, 200, fields, packed)
    else:
        data = world.attach(id)
        assert data.kinds() == [Kind.ATTACHED]
        data.say(data.session.head(200, fields) + data.session.body(packed) + data.session.end(b""))
        data.say(data.session.attach(99, b"\0\0\0\0n678", True, True))  # it is free for others at once
        assert data.wire.reading and data.kinds() == [Kind.DETACH]
    reader, read, pages, longest = zlib.decompressobj(31), 0, b"", 0
    for _ in range(200):
        pages += user.wire.take()
        found = _dechunked(pages.partition(b"\r\n\r\n")[2])
        made = len(reader.decompress(found[read:]))
        read, longest = len(found), max(longest, made)
        if pages.endswith(b"\r\n0\r\n\r\n"):
            break
        next_turn(world.clock)
    assert gzip.decompress(found) == public
    assert TURN / 2 < longest < 2 * (TURN + PIECE)  # what is public is a little longer


def test_who_waits_for_whom() -> None:
    """The connector, for the service to use what it has sent, and for a user who reads slowly; never after they have left."""
    world = World((TRANSLATED,))
    signal = world.welcomed()
    packed = gzip.compress(PAGE * 40_000)
    for leaves in (False, True):
        user = world.user()
        user.send(GET)
        data = world.attach(only_request(signal))
        data.say(data.session.head(200, HTML + b"content-encoding: gzip\n") + data.session.body(packed))
        assert user.wire.take() and not data.wire.reading
        assert user.wire.producer is not None
        user.wire.producer.pauseProducing()
        next_turn(world.clock)
        assert user.wire.take() == b""
        if leaves:
            user.leave()
            assert data.wire.reading
        if user.wire.producer is not None:
            user.wire.producer.resumeProducing()
        world.clock.pump([0] * 20)
        assert data.wire.reading and bool(user.wire.take()) is not leaves


def _dechunked(data: bytes) -> bytes:
    """The pieces of a chunked body, as far as they have come."""
    pieces = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        data = rest[int(size, 16) + 2 :]
    return b"".join(pieces)


def test_many_answers_share_one_turn() -> None:
    """A hundred that are translated at the same time take as long of a turn as one, and all of them come to their end."""
    clock = Clock()

    class Long(Slow):
        def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
            for step in super().steps(data):
                clock.rightNow += 0.002
                yield step

    exchanges = [FakeExchange(head_for("https://wiki.example.com/")) for _ in range(100)]
    for exchange in exchanges:
        began = clock.seconds()
        body = TranslatedAnswer(exchange, Long(), clock, None, lambda code, why: None)
        exchange.start(200, b"", None)
        body.write(b"abc")
        body.finish(b"")
        assert clock.seconds() - began < 0.009
    assert clock.seconds() < 0.009
    turns = 0
    while not all(exchange.over for exchange in exchanges):
        began = clock.seconds()
        next_turn(clock)
        assert clock.seconds() - began < 0.009
        turns += 1
        assert turns < 200
    assert {b"".join(exchange.pieces) for exchange in exchanges} == {b"abc."}
