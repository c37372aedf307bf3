"""TLS that can say "I have said all", tells a clean end from a cut, and leaves nobody hanging."""

from __future__ import annotations

import inspect

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyClass

from appproxy.net.secure.contexts import connector_context, origin_context, tunnel_context, user_context
from appproxy.net.secure.half_close import LINGER_SECONDS, HalfCloseTLS
from tests.net.wire import HalfTalker, Net, Talker, network
from tests.pki.authorities import CONNECT, CONNECTOR, OURS, SERVICE

SERVER = tunnel_context(SERVICE, [OURS.certificate])
CLIENT = connector_context([OURS.certificate], CONNECT, CONNECTOR, [b"appproxy-data/1"])


def connected(talker: type[Talker] = Talker, piece: int = 65_536) -> Net:
    """Both ends, the handshake done."""
    net = network(SERVER, CLIENT, talker, piece)
    assert net.server.ready and net.client.ready
    return net


class TestTwistedsInsides:
    """What we override is still there, and still called with the same arguments."""

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("makeConnection", ["self", "transport"]),
            ("_checkHandshakeStatus", ["self"]),
            ("_flushReceiveBIO", ["self"]),
            ("_flushSendBIO", ["self"]),
            ("_write", ["self", "bytes"]),
            ("_bufferedWrite", ["self", "octets"]),
            ("_unbufferPendingWrites", ["self"]),
            ("_shutdownTLS", ["self"]),
            ("_tlsShutdownFinished", ["self", "reason"]),
            ("connectionLost", ["self", "reason"]),
            ("unregisterProducer", ["self"]),
            ("loseConnection", ["self"]),
            ("abortConnection", ["self"]),
        ],
    )
    def test_methods(self, name: str, arguments: list[str]) -> None:
        """A Twisted that has moved its insides is noticed here, not by a user."""
        assert list(inspect.signature(getattr(TLSMemoryBIOProtocol, name)).parameters) == arguments

    def test_attributes(self) -> None:
        """So are the attributes that we read."""
        net = connected()
        below = vars(TLSMemoryBIOProtocol(net.factories[0], Talker()))
        for name in ("_reason", "_handshakeDone", "_lostTLSConnection", "_producer", "_aborted"):
            assert name in vars(TLSMemoryBIOProtocol), name
        assert "_connectWrapped" in below
        assert net.server.tls._tlsConnection is not None
        assert net.server.tls._appSendBuffer == []

    def test_interfaces(self) -> None:
        """The transport below can tell us of TCP's own half-close."""
        assert verifyClass(IHalfCloseableProtocol, HalfCloseTLS)

    def test_stock_twisted_still_lacks_it(self) -> None:
        """The day Twisted's TLS half-closes by itself, this test asks whether ours is still needed."""
        assert "loseWriteConnection" not in vars(TLSMemoryBIOProtocol)
        assert TLSMemoryBIOFactory.protocol is not HalfCloseTLS


class TestBytes:
    """What is written arrives."""

    @pytest.mark.parametrize("piece", [1, 7, 1_000, 65_536])
    def test_however_the_bytes_are_cut(self, piece: int) -> None:
        """Whole or in crumbs, both directions carry what was written."""
        net = connected(piece=piece)
        body = bytes(range(256)) * (4 if piece < 100 else 1_024)
        net.client.tls.write(body)
        net.server.tls.writeSequence([body[:10], body[10:]])
        net.flush()
        assert net.server.got == body
        assert net.client.got == body

    def test_one_turn_one_write(self) -> None:
        """A few small writes of one turn leave together, and arrive as one."""
        net = connected()
        before = len(net.client_end.sent)
        for _ in range(3):
            net.client.tls.write(b"frame")
        assert len(net.client_end.sent) == before
        net.flush()
        assert net.server.got == b"frame" * 3
        assert len(net.client_end.sent) == before + 1
        assert net.server.calls == 1

    def test_a_busy_turn_leaves_in_fours(self) -> None:
        """The other end has something to do while the turn goes on."""
        net = connected()
        before = len(net.client_end.sent)
        for _ in range(10):
            net.client.tls.write(b"frame")
        assert len(net.client_end.sent) == before + 2
        net.flush()
        assert net.server.got == b"frame" * 10
        assert len(net.client_end.sent) == before + 3

    def test_what_was_gathered_leaves_at_once(self) -> None:
        """A writer that has gathered a turn's bytes itself need not wait for the turn's end; the order stays."""
        net = connected()
        net.server.tls.write(b"first, ")
        before = len(net.server_end.sent)
        net.server.tls.write_now(b"then this")
        net.server.tls.write_now(b"")
        assert len(net.server_end.sent) == before + 1
        net.flush()
        assert net.client.got == b"first, then this"
        net.server.tls.loseWriteConnection()
        net.server.tls.write_now(b"too late")
        net.flush()
        assert net.client.got == b"first, then this"

    def test_a_large_write_does_not_wait(self) -> None:
        """A full batch leaves at once, so that the transport below can say "enough"."""
        net = connected()
        before = len(net.client_end.sent)
        net.client.tls.write(b"x" * 70_000)
        assert len(net.client_end.sent) > before

    def test_written_before_the_handshake(self) -> None:
        """What a protocol writes in connectionMade is sent once the handshake is done."""

        class Eager(Talker):
            def connectionMade(self) -> None:
                assert self.transport is not None
                self.transport.write(b"early " * 20_000)

        net = connected(Eager)
        assert net.server.got == b"early " * 20_000

    @pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc")])
    def test_other_kinds_of_bytes(self, data: bytes) -> None:
        """A bytearray that the caller changes afterwards is sent as it was."""
        net = connected()
        net.client.tls.write(data)
        if isinstance(data, bytearray):
            data[:] = b"xyz"
        net.flush()
        assert net.server.got == b"abc"

    @pytest.mark.parametrize("data", ["text", 5, None])
    def test_what_is_no_bytes_is_an_error_at_once(self, data: bytes) -> None:
        """The mistake is seen where it is made, and breaks no other connection of the turn."""
        net = connected()
        with pytest.raises(TypeError):
            net.client.tls.write(data)

    def test_writing_nothing_is_nothing(self) -> None:
        """OpenSSL takes an empty write for an error; a caller with nothing to say must not lose the connection."""
        net = connected()
        net.client.tls.write(b"")
        net.flush()
        net.client.tls.write(b"abc")
        net.flush()
        assert net.server.got == b"abc"

    def test_a_broken_write_harms_nobody_else(self) -> None:
        """Whatever goes wrong while one connection is flushed, the others of that turn are served."""
        net, other = connected(), connected()
        other.clock = net.clock
        tls = net.client.tls
        tls.write(b"one")
        tls.transport.write = None
        clock = net.factories[1].clock
        assert isinstance(clock, Clock)
        clock.advance(0)
        assert net.client_end.aborted


class TestHalfClose:
    """close_notify ends one direction."""

    def test_an_answer_after_the_last_word(self) -> None:
        """A peer that has said all still hears the whole answer."""
        net = connected(HalfTalker)
        assert isinstance(net.server, HalfTalker) and isinstance(net.client, HalfTalker)
        net.client.tls.write(b"question")
        net.client.tls.loseWriteConnection()
        net.flush()
        assert net.server.got == b"question"
        assert (net.server.finished, net.client.finished) == (1, 0)
        assert not net.server.lost and not net.client.lost
        for _ in range(3):
            net.server.tls.write(b"answer" * 30_000)
            net.flush()
        net.server.tls.loseWriteConnection()
        net.flush()
        assert net.client.got == b"answer" * 90_000
        assert net.client.finished == 1
        assert isinstance(net.server.reason, ConnectionDone)
        assert isinstance(net.client.reason, ConnectionDone)

    def test_what_was_written_comes_first(self) -> None:
        """The end of the direction follows everything that was written before it, and nothing follows it."""
        net = connected(HalfTalker)
        net.client.tls.write(b"x" * 1_000_000)
        net.client.tls.loseWriteConnection()
        net.client.tls.write(b"too late")
        net.flush()
        assert net.server.got == b"x" * 1_000_000

    def test_said_before_the_handshake(self) -> None:
        """A direction may be closed before the handshake is done."""

        class Brief(HalfTalker):
            def connectionMade(self) -> None:
                self.tls.write(b"all")
                self.tls.loseWriteConnection()

        net = network(SERVER, CLIENT, Brief)
        assert net.server.got == net.client.got == b"all"
        assert isinstance(net.server, Brief) and net.server.finished == 1

    def test_twice_is_as_once(self) -> None:
        """Saying so again changes nothing."""
        net = connected(HalfTalker)
        net.client.tls.loseWriteConnection()
        net.client.tls.loseWriteConnection()
        net.flush()
        assert isinstance(net.server, HalfTalker) and net.server.finished == 1

    def test_the_end_of_tcp_after_the_last_word(self) -> None:
        """A peer whose TCP too says "no more" after its close_notify still gets the answer."""
        net = connected(HalfTalker)
        net.client.tls.loseWriteConnection()
        net.flush()
        net.client_end.finish()
        net.server.tls.write(b"answer")
        net.flush()
        assert net.client.got == b"answer"
        assert not net.server.lost

    def test_a_user_whose_tcp_ends_has_left(self) -> None:
        """A browser that closes a tab says close_notify and ends TCP: whoever answers hears of it at once."""
        browser = origin_context(CONNECT, OURS.certificate, "", True)
        net = network(user_context([SERVICE]), browser, HalfTalker)
        net.client.tls.loseWriteConnection()
        net.flush()
        assert not net.server.lost
        net.client_end.finish()
        net.flush()
        assert net.server.lost

    @pytest.mark.parametrize("talker", [Talker, HalfTalker])
    def test_tcp_closed_before_the_peers_last_word(self, talker: type[Talker]) -> None:
        """Closing TCP's own direction as well is no trouble: the peer's last word then ends everything at once."""
        net = connected(talker)
        net.client.tls.loseWriteConnection()
        net.flush()
        net.client.tls.transport.loseWriteConnection()
        net.server.tls.write(b"answer")
        net.server.tls.loseConnection()
        net.flush()
        if talker is HalfTalker:
            assert net.client.got == b"answer"
        assert isinstance(net.client.reason, ConnectionDone)
        assert net.clock.getDelayedCalls() == []

    def test_other_protocols_are_closed_both_ways(self) -> None:
        """A protocol that knows nothing of half-close sees the connection end, as ever."""
        net = connected()
        net.client.tls.loseWriteConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionDone)

    def test_a_producer_is_waited_for(self) -> None:
        """With a producer at work, the direction ends when the producer has."""
        net = connected(HalfTalker)
        producer = Producer()
        net.client.tls.registerProducer(producer, True)
        net.client.tls.write(b"one ")
        net.client.tls.loseConnection()
        net.client.tls.write(b"two")
        net.flush()
        assert not net.server.lost
        net.client.tls.unregisterProducer()
        net.flush()
        assert net.server.got == b"one two"
        assert isinstance(net.server, HalfTalker) and net.server.finished == 1

    def test_a_listener_that_fails(self) -> None:
        """A protocol that breaks when told of the end loses its connection, and nothing else happens."""

        class Broken(HalfTalker):
            def readConnectionLost(self) -> None:
                raise RuntimeError("broken")

        net = connected(Broken)
        net.client.tls.loseWriteConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionAborted)

    def test_a_listener_that_closes(self) -> None:
        """A protocol that answers the end with its own close ends cleanly."""

        class Polite(HalfTalker):
            def readConnectionLost(self) -> None:
                self.tls.loseConnection()

        net = connected(Polite)
        net.client.tls.loseWriteConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionDone)
        assert isinstance(net.client.reason, ConnectionDone)


class TestEnds:
    """How a connection ended can be told."""

    @pytest.mark.parametrize("talker", [Talker, HalfTalker])
    def test_a_clean_close(self, talker: type[Talker]) -> None:
        """close_notify: what came before is complete."""
        net = connected(talker)
        net.client.tls.write(b"all of it")
        net.client.tls.loseConnection()
        net.flush()
        if isinstance(net.server, HalfTalker):
            assert net.server.finished == 1
            net.server.tls.loseConnection()
            net.flush()
        assert net.server.got == b"all of it"
        assert isinstance(net.server.reason, ConnectionDone)
        assert isinstance(net.client.reason, ConnectionDone)

    @pytest.mark.parametrize("talker", [Talker, HalfTalker])
    def test_a_cut(self, talker: type[Talker]) -> None:
        """TCP's end of file without close_notify: something may be missing, and it never counts as complete."""
        net = connected(talker)
        net.client.tls.write(b"some of it")
        net.flush()
        net.client_end.loseConnection()
        net.flush()
        assert net.server.got == b"some of it"
        assert isinstance(net.server.reason, ConnectionLost)
        if isinstance(net.server, HalfTalker):
            assert net.server.finished == 0

    def test_a_cut_within_a_record(self) -> None:
        """Half a record is never delivered."""
        net = connected()
        net.client.tls.write(b"x" * 16_000)
        net.clock.advance(0)
        net.client_end.waiting = net.client_end.waiting[:-1]
        net.client_end.loseConnection()
        net.flush()
        assert net.server.got == b""
        assert isinstance(net.server.reason, ConnectionLost)

    def test_a_forged_byte(self) -> None:
        """A record that was touched on its way ends the connection, and is not delivered."""
        net = connected()
        net.client.tls.write(b"x" * 100)
        net.clock.advance(0)
        net.client_end.waiting = net.client_end.waiting[:-1] + bytes([net.client_end.waiting[-1] ^ 1])
        net.flush()
        assert net.server.got == b""
        assert "bad record mac" in str(net.server.reason)

    @pytest.mark.parametrize("talker", [Talker, HalfTalker])
    def test_an_abort_is_no_clean_end(self, talker: type[Talker]) -> None:
        """A broken answer cannot look like a complete one."""
        net = connected(talker)
        net.client.tls.write(b"part")
        net.flush()
        net.client.tls.write(b"never sent")
        net.client.tls.abortConnection()
        net.client.tls.abortConnection()
        net.flush()
        assert net.server.got == b"part"
        assert isinstance(net.server.reason, ConnectionLost)
        assert isinstance(net.client.reason, ConnectionAborted)

    def test_a_producer_that_goes_after_an_abort(self) -> None:
        """Nothing more leaves: whoever was paused is told of the end later, and lets go of a connection that is broken."""
        net = connected()
        net.client.tls.registerProducer(Producer(), True)
        net.client.tls.write(b"part")
        net.flush()
        before = list(net.client_end.sent)
        net.client.tls.abortConnection()
        net.client.tls.unregisterProducer()
        assert not net.client.tls._close_sent and net.client_end.sent == before

    def test_a_close_that_tcp_answers(self) -> None:
        """Most clients answer our close by TCP alone: for us, who closed, that is a clean end."""
        net = connected()
        net.server.tls.loseConnection()
        net.server_end.waiting = b""
        net.client_end.loseConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionDone)

    def test_the_last_word_counts_whatever_tcp_meets(self) -> None:
        """After close_notify a TCP reset takes nothing away from what came before."""
        net = connected()
        net.client.tls.write(b"all of it")
        net.clock.advance(0)
        net.client.tls._shutdownTLS()
        while net.client_end.waiting:
            net.client_end.move()
        net.client_end.abortConnection()
        net.flush()
        assert net.server.got == b"all of it"
        assert isinstance(net.server.reason, ConnectionDone)

    def test_nothing_is_delivered_after_our_close(self) -> None:
        """What a peer sends after we closed is thrown away, and its sending does not stop us from closing."""
        net = connected()
        net.server.tls.loseConnection()
        net.client.tls.write(b"x" * 200_000)
        net.flush()
        assert net.server.got == b""
        assert isinstance(net.server.reason, ConnectionDone)

    def test_closing_in_the_middle_of_what_came(self) -> None:
        """A protocol may close while it is given bytes that were the peer's last."""

        class Curt(Talker):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.tls.loseConnection()

        net = connected(Curt)
        net.client.tls.write(b"bye")
        net.client.tls.loseConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionDone)

    def test_aborting_in_the_middle_of_what_came(self) -> None:
        """Or abort."""

        class Rude(Talker):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.tls.abortConnection()

        net = connected(Rude)
        net.client.tls.write(b"bye")
        net.client.tls.loseConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionAborted)
        assert b"".join(net.server_end.sent).count(b"\x15\x03\x03") == 0

    def test_nothing_is_left_behind(self) -> None:
        """A closed connection leaves no timer, and its factory forgets it."""
        net = connected()
        net.client.tls.write(b"x")
        net.client.tls.loseConnection()
        net.flush()
        assert net.clock.getDelayedCalls() == []
        assert [factory.protocols for factory in net.factories] == [{}, {}]

    def test_writes_after_the_end_are_dropped(self) -> None:
        """A protocol that writes on after the end harms nobody."""
        net = connected()
        tls = net.client.tls
        tls.abortConnection()
        net.flush()
        tls.write(b"into the void")
        tls.loseWriteConnection()
        tls.loseConnection()
        net.flush()


class TestDeadlines:
    """Nobody can hold a connection by doing nothing."""

    def test_a_handshake_that_ended_has_no_deadline(self) -> None:
        """A connection that is up may idle."""
        net = connected()
        assert net.clock.getDelayedCalls() == []
        net.clock.advance(1_000_000)
        net.flush()
        assert not net.server.lost

    def test_our_close_must_be_answered(self) -> None:
        """A peer that never answers our close is left after 5 s, what was written before being handed to TCP."""
        net = connected()
        net.client_end.paused = True
        net.server.tls.write(b"the end")
        net.server.tls.loseConnection()
        net.flush()
        assert not net.server.lost
        net.clock.advance(LINGER_SECONDS + 0.1)
        assert net.server_end.disconnecting
        net.client_end.paused = False
        net.flush()
        assert net.client.got == b"the end"
        assert isinstance(net.server.reason, ConnectionDone)

    def test_a_peer_that_takes_nothing_is_cut_off(self) -> None:
        """When not even what was written goes out, the connection is cut after as long again."""
        net = connected()
        net.client_end.paused = True
        net.server.tls.write(b"the end")
        net.server.tls.loseConnection()
        for _ in range(2):
            net.flush()
            net.clock.advance(LINGER_SECONDS + 0.1)
        net.flush()
        assert isinstance(net.server.reason, ConnectionAborted)

    def test_a_paused_protocol_can_close(self) -> None:
        """A protocol that had stopped reading sees the answer to its close at once."""
        net = connected()
        net.server.tls.pauseProducing()
        net.server.tls.loseConnection()
        net.flush()
        assert isinstance(net.server.reason, ConnectionDone)


@implementer(IPushProducer)
class Producer:
    """A producer that refuses to be paused twice, or woken while awake."""

    def __init__(self) -> None:
        self.asked = ["resume"]

    def pauseProducing(self) -> None:
        assert self.asked[-1] == "resume"
        self.asked.append("pause")

    def resumeProducing(self) -> None:
        assert self.asked[-1] == "pause"
        self.asked.append("resume")

    def stopProducing(self) -> None:
        self.asked.append("stop")


class TestProducers:
    """Back-pressure goes through."""

    def test_a_slow_peer_pauses_the_source(self) -> None:
        """A source is paused when the wire is full, and resumed when it has drained."""
        net = connected()
        producer = Producer()
        net.server.tls.registerProducer(producer, True)
        net.client_end.paused = True
        while producer.asked[-1] == "resume":
            net.server.tls.write(b"x" * 10_000)
        net.flush()
        assert producer.asked == ["resume", "pause"]
        net.client_end.paused = False
        net.flush()
        assert producer.asked == ["resume", "pause", "resume"]

    def test_a_source_waits_for_the_handshake(self) -> None:
        """A source that starts before the handshake is paused until it is done."""
        producer = Producer()

        class Early(Talker):
            def connectionMade(self) -> None:
                if self.factory_is_client:
                    self.tls.registerProducer(producer, True)
                    self.tls.write(b"x" * 100_000)
                    assert producer.asked == ["resume", "pause"]

            factory_is_client = False

        class EarlyClient(Early):
            factory_is_client = True

        kinds = iter([Early, EarlyClient])
        net = network(SERVER, CLIENT, lambda: next(kinds)())
        assert producer.asked[:3] == ["resume", "pause", "resume"]
        assert net.server.got == b"x" * 100_000


class TestFactories:
    """Putting TLS under protocols."""

    def test_the_certificate_is_read_after_the_handshake(self) -> None:
        """connectionMade comes before the handshake, handshakeCompleted after it, and only once."""
        order: list[str] = []

        class Watcher(Talker):
            def connectionMade(self) -> None:
                assert not self.tls.handshake_done
                order.append("made")

            def handshakeCompleted(self) -> None:
                assert self.tls.handshake_done
                super().handshakeCompleted()
                order.append("done")

            def connectionLost(self, reason: Failure = connectionDone) -> None:
                super().connectionLost(reason)
                order.append("lost")

        net = network(SERVER, CLIENT, Watcher)
        assert order == ["made", "made", "done", "done"]
        net.client.tls.abortConnection()
        net.flush()
        assert order[4:] == ["lost", "lost"]
