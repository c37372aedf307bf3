"""The sending side of TLS: what one turn of the reactor writes leaves together, in order, and never after its end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from twisted.logger import capturedLogs
from zope.interface import implementer

from appproxy.net.secure.contexts import connector_context, tunnel_context
from tests.net.wire import Net, Talker, network
from tests.pki.authorities import CONNECT, CONNECTOR, OURS, SERVICE

SERVER = tunnel_context(SERVICE, [OURS.certificate])
CLIENT = connector_context([OURS.certificate], CONNECT, CONNECTOR, [b"appproxy-data/1"])


def connected() -> Net:
    """Both ends, the handshake done."""
    return network(SERVER, CLIENT)


def writes(net: Net) -> int:
    """How often the client has called the transport below."""
    return len(net.client_end.sent)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=300) | st.just(b"x" * 70_000), st.booleans(), st.booleans()), max_size=12))
def test_bytes_arrive_in_the_order_of_their_writing(pieces: list[tuple[bytes, bool, bool]]) -> None:
    """However they are written: at the turn's end or at once, with turns in between or without."""
    net = connected()
    for data, at_once, turn in pieces:
        (net.client.tls.write_now if at_once else net.client.tls.write)(data)
        if turn:
            net.flush()
    net.flush()
    assert net.server.got == b"".join(data for data, _, _ in pieces)


def test_a_turn_is_one_call_of_the_kernel() -> None:
    """Up to four writes; every further four are one more."""
    for count, calls in ((1, 1), (3, 1), (4, 1), (5, 2), (9, 3)):
        net = connected()
        before = writes(net)
        for _ in range(count):
            net.client.tls.write(b"frame")
        net.flush()
        assert writes(net) - before == calls, count


def test_a_large_batch_does_not_wait_for_the_turns_end() -> None:
    """What waits in memory is bounded."""
    net = connected()
    before = writes(net)
    net.client.tls.write(b"x" * 65_535)
    assert writes(net) == before
    net.client.tls.write(b"y")
    assert writes(net) > before


def test_what_leaves_at_once_leaves_after_what_waits() -> None:
    """In one call with it."""
    net = connected()
    before = writes(net)
    net.client.tls.write(b"first ")
    net.client.tls.write_now(b"second")
    assert writes(net) == before + 1
    net.flush()
    assert net.server.got == b"first second" and net.server.calls == 1


@pytest.mark.parametrize("name", ["write", "write_now"])
def test_nothing_is_no_write(name: str) -> None:
    """OpenSSL would take it for an error."""
    net = connected()
    before = writes(net)
    getattr(net.client.tls, name)(b"")
    net.flush()
    assert writes(net) == before and not net.client.lost


def test_other_kinds_of_bytes() -> None:
    """A buffer of the caller's may change afterwards: what was in it when it was written counts."""
    net = connected()
    buffer = bytearray(b"before")
    net.client.tls.write(buffer)  # type: ignore[arg-type]
    buffer[:] = b"after!"
    net.flush()
    assert net.server.got == b"before"


@pytest.mark.parametrize("end", ["loseConnection", "loseWriteConnection", "abortConnection"])
@pytest.mark.parametrize("name", ["write", "write_now"])
def test_after_its_end_nothing_is_taken(end: str, name: str) -> None:
    """What was written before still leaves, unless the connection was broken off."""
    net = connected()
    net.client.tls.write(b"last words")
    getattr(net.client.tls, end)()
    getattr(net.client.tls, name)(b"too late")
    net.flush()
    assert net.server.got == (b"" if end == "abortConnection" else b"last words")


@implementer(IPushProducer)
class Producer:
    """Writes one more piece when it is resumed, and is done with that."""

    def __init__(self, talker: Talker) -> None:
        self.talker = talker

    def resumeProducing(self) -> None:
        self.talker.tls.unregisterProducer()

    def pauseProducing(self) -> None: ...

    def stopProducing(self) -> None: ...


def test_a_close_waits_for_the_producer() -> None:
    """What it writes until it is done arrives before the end."""
    net = connected()
    net.client.tls.registerProducer(Producer(net.client), True)
    net.client.tls.write(b"one ")
    net.client.tls.loseConnection()
    net.client.tls.write(b"two")
    net.flush()
    assert not net.server.lost
    net.client.tls.unregisterProducer()
    net.flush()
    assert net.server.got == b"one two" and len(net.server.lost) == 1


def test_one_that_fails_at_the_turns_end_hurts_no_other() -> None:
    """It is broken off and logged; the others of the turn are sent."""
    net, other = connected(), connected()

    def broken(data: bytes) -> None:
        raise RuntimeError("broken transport")

    for each in (net, other):
        each.client.tls.write(b"hello")
    net.client_end.write = broken  # type: ignore[method-assign]
    with capturedLogs() as logged:
        net.clock.advance(0)
        other.flush()
    assert net.client_end.aborted
    assert [event["log_format"] for event in logged if "log_failure" in event] == ["while writing to a TLS connection"]
    assert other.server.got == b"hello"
