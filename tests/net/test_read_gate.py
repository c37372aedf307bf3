"""The one object that pauses."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from zope.interface.verify import verifyObject

from appproxy.net.read_gate import HoldReason, ReadGate, bridge


@dataclass
class Transport:
    """A transport that refuses to be paused twice, or woken while awake."""

    asked: list[str] = field(default_factory=lambda: ["resume"])

    def pauseProducing(self) -> None:
        assert self.asked[-1] == "resume", "paused twice"
        self.asked.append("pause")

    def resumeProducing(self) -> None:
        assert self.asked[-1] == "pause", "woken while awake"
        self.asked.append("resume")

    @property
    def reading(self) -> bool:
        return self.asked[-1] == "resume"


def test_is_a_push_producer() -> None:
    """A tap can be registered with any Twisted transport."""
    assert verifyObject(IPushProducer, ReadGate(Transport()))


def test_reads_again_only_when_no_reason_is_left() -> None:
    """A slow peer that recovers does not start a body that nobody wants yet."""
    transport = Transport()
    read_gate = ReadGate(transport)
    read_gate.hold(HoldReason.BACKLOG)
    read_gate.pauseProducing()
    read_gate.resumeProducing()
    assert not transport.reading
    read_gate.release(HoldReason.BACKLOG)
    assert transport.reading


def test_a_lost_consumer_does_not_deafen_its_source() -> None:
    """When the reader of a body goes, the connection of its sender is still read, to hear more from it."""
    transport = Transport()
    read_gate = ReadGate(transport)
    read_gate.pauseProducing()
    read_gate.stopProducing()
    assert transport.reading


def test_a_closed_tap_leaves_its_transport_alone() -> None:
    """Nothing is asked of a transport that has gone."""
    transport = Transport()
    read_gate = ReadGate(transport)
    read_gate.close()
    read_gate.pauseProducing()
    read_gate.resumeProducing()
    assert transport.asked == ["resume"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(list(HoldReason)))))
def test_any_order_of_reasons_pauses_and_wakes_in_turn(steps: list[tuple[bool, HoldReason]]) -> None:
    """However reasons come and go, the transport reads exactly while there is none."""
    transport = Transport()
    read_gate = ReadGate(transport)
    reasons: set[HoldReason] = set()
    for hold, reason in steps:
        if hold:
            read_gate.hold(reason)
            reasons.add(reason)
        else:
            read_gate.release(reason)
            reasons.discard(reason)
        assert transport.reading == (not reasons)


class End(Transport):
    """A transport with a buffer, as far as a bridge sees it."""

    producer: IPushProducer

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        assert streaming
        self.producer = producer


def test_a_bridge_pauses_the_sender_of_a_slow_reader_and_nobody_else() -> None:
    """Each end's buffer holds up the other end's reading."""
    one, other = End(), End()
    of_one, of_other = bridge(one, other)
    other.producer.pauseProducing()
    assert (one.reading, other.reading) == (False, True)
    other.producer.resumeProducing()
    one.producer.pauseProducing()
    assert (one.reading, other.reading) == (True, False)
    assert (of_one.held, of_other.held) == (0, HoldReason.SLOW_PEER)
