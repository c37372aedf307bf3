"""TLS on Twisted's transports, with the half-close, the batching and the deadlines that Twisted's own lacks.

`HalfCloseTLS` is `TLSMemoryBIOProtocol` (Twisted 26.10) with these differences:

- close_notify ends one direction. A protocol that provides IHalfCloseableProtocol hears `readConnectionLost` when the
  peer will send no more, and goes on writing; `loseWriteConnection` says that we will send no more, and reading goes
  on. Other protocols are closed both ways, as ever.
- A connection that ends without close_notify ends with ConnectionLost, one that ends with it with ConnectionDone: what
  came before may be believed complete only in the second case.
- All that is written in one reactor turn leaves as one run of records; all that one TCP read brought is one call of
  dataReceived.
- `abortConnection` never sends close_notify: a broken answer cannot look like a complete one.
- A handshake that takes too long, and a peer that does not answer our close, are cut off; so is the oldest of too many
  handshakes at the same time.

It overrides methods that Twisted does not promise to keep; tests/net/test_half_close.py fails when they move.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocol,
    IProtocolFactory,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import AppProxyError
from appproxy.net.contexts import ACME_TLS, CertificateRefused
from appproxy.net.records import put_input, read_records, take_output, write_records
from appproxy.net.sockets import send_now

if TYPE_CHECKING:
    from appproxy.net.tls_factory import HalfCloseTLSFactory

#: A plaintext batch: four full records. Larger ones only make OpenSSL's memory buffers, which never shrink, larger.
_BATCH = 65_536
#: Writes that may wait for the end of the reactor's turn. With all of a busy turn's requests in one batch, service and
#: connector work in turn, each waiting for the other; four at a time keep both at work. One in four costs a system call.
_MOST_WRITES = 4

#: Seconds that a peer has to answer our close_notify; then what is still to be written is written and the connection
#: closed, and after as long again it is cut off.
LINGER_SECONDS = 5.0

_log = Logger()


class HandshakeTimeout(AppProxyError):
    """The TLS handshake was not done in time."""


class TooManyHandshakes(AppProxyError):
    """Others came while this TLS handshake was not done."""


class NotTLS(AppProxyError):
    """The peer speaks HTTP without TLS."""


class NoProtocol(AppProxyError):
    """The peer offered no protocol (ALPN) that this listener speaks."""


@implementer(IHalfCloseableProtocol)
class HalfCloseTLS(TLSMemoryBIOProtocol):
    """TLS over another transport; the transport of `wrappedProtocol`. See the module's own text.

    The wrapped protocol reads `peer_certificate` and `negotiated` in `handshakeCompleted` (IHandshakeListener), never
    in connectionMade: by then no handshake has taken place.
    """

    factory: HalfCloseTLSFactory
    #: The transport below: TCP's, another layer's, or a test's.
    transport: Any
    _tlsConnection: Any
    #: Whose handshakes it counts among: the peer's network, "" where that does not matter.
    owner = ""
    #: close_notify has come: nothing more is read.
    _read_over = False
    #: loseWriteConnection has been called: nothing more is taken.
    _write_over = False
    #: close_notify has gone out.
    _close_sent = False
    #: Our turn to flush is noted with the factory.
    _enlisted = False
    _deadline: IDelayedCall | None = None
    #: The transport below has gone.
    _ended = False
    #: Bytes have come.
    _heard = False

    def __init__(
        self, factory: HalfCloseTLSFactory, wrappedProtocol: IProtocol, _connectWrapped: bool = True
    ) -> None:
        super().__init__(factory, wrappedProtocol, _connectWrapped)
        self._outgoing: list[bytes] = []
        self._outgoing_size = 0

    @property
    def handshake_done(self) -> bool:
        """Has the handshake succeeded, on our side?"""
        return self._handshakeDone

    # Beginning

    def makeConnection(self, transport: object) -> None:
        """Called by the transport below: start the handshake and its deadline."""
        self._set_deadline(self.factory.handshake_seconds, self._handshake_late)
        self.factory.handshake_begun(self)
        super().makeConnection(transport)

    def _checkHandshakeStatus(self) -> None:
        if self._aborted:
            return
        try:
            self._tlsConnection.do_handshake()
        except SSL.WantReadError:
            self._flushSendBIO()
        except SSL.Error as error:
            self._tlsShutdownFinished(_failure(error))
        else:
            self._handshakeDone = True
            self.factory.handshake_over(self)
            self._set_deadline(None)
            # The last flight, and the session tickets: nothing else would send them before our first write.
            self._flushSendBIO()
            self._handshake_done()

    def _handshake_done(self) -> None:
        if self.factory.requires_protocol and self.negotiatedProtocol is None:
            self._appSendBuffer.clear()
            self._reason = _failure(NoProtocol("the peer offers no protocol that is spoken here"))
            self.loseConnection()
        elif self.negotiatedProtocol == ACME_TLS:
            # RFC 8737 section 3: the handshake was the answer.
            self.loseConnection()
        elif IHandshakeListener.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.handshakeCompleted()

    def _handshake_late(self) -> None:
        self._deadline = None
        self._reason = _failure(HandshakeTimeout(f"no TLS handshake in {self.factory.handshake_seconds:g} s"))
        self.abortConnection()

    def give_way(self) -> None:
        """Called by the factory: too many handshakes, and none is older."""
        self._reason = _failure(TooManyHandshakes("others came while the TLS handshake was not done"))
        self.abortConnection()

    def certificate_refused(self, error: CertificateRefused) -> None:
        """The verification says why it is about to refuse; the handshake's own error would only say that it did."""
        if self._reason is None:
            self._reason = _failure(error)

    # Reading

    def dataReceived(self, data: bytes) -> None:
        """Called by the transport below."""
        if self._handshakeDone and not self._appSendBuffer:
            put_input(self._tlsConnection, data)
            self._flushReceiveBIO()
        elif not self._heard and self.factory.plain is not None and data[:1].isalpha():
            self._become_plain(self.factory.plain, data)
        else:
            self._heard = True
            super().dataReceived(data)

    def _become_plain(self, factory: IProtocolFactory, data: bytes) -> None:
        """What begins with a letter is a method of HTTP: no record of TLS does (RFC 8446 section 5.1)."""
        transport = self.transport
        self._lostTLSConnection = True  # nothing more goes out from here
        self.connectionLost(_failure(NotTLS("HTTP without TLS")))
        protocol = factory.buildProtocol(transport.getPeer())
        if protocol is None:
            transport.abortConnection()
            return
        transport.protocol = protocol  # as `proxied` does it
        protocol.makeConnection(transport)
        protocol.dataReceived(data)

    def _flushReceiveBIO(self) -> None:
        if self._lostTLSConnection or self._read_over:
            return
        data, end = read_records(self._tlsConnection)
        if data and not self.disconnecting:
            self.wrappedProtocol.dataReceived(data)
        if end is None or self._aborted or self._lostTLSConnection or self._tlsConnection is None:
            return
        if isinstance(end, SSL.ZeroReturnError):
            self._peer_finished()
        else:
            self._tlsShutdownFinished(_failure(end))

    def _peer_finished(self) -> None:
        """close_notify has come."""
        self._read_over = True
        listener = None if self.disconnecting else IHalfCloseableProtocol(self.wrappedProtocol, None)
        if listener is not None:
            try:
                listener.readConnectionLost()
            except Exception:
                _log.failure("while telling a protocol that its peer will send no more")
                self.abortConnection()
        if self._lostTLSConnection or self._tlsConnection is None:
            return
        if listener is None or self._close_sent:
            self._shutdownTLS()
            # TCP ends within that call when its own direction was closed before.
            if not self._ended:
                self._tlsShutdownFinished(None)

    # Writing

    def write(self, data: bytes) -> None:
        """Take bytes; they leave with all others of this reactor turn. After a close they are dropped."""
        if self._write_over or (self.disconnecting and self._producer is None) or self._lostTLSConnection:
            return
        if data.__class__ is not bytes:
            data = b"".join((data,))
        if not data:  # OpenSSL takes an empty write for an error
            return
        self._outgoing.append(data)
        self._outgoing_size += len(data)
        if self._outgoing_size >= _BATCH or len(self._outgoing) >= _MOST_WRITES:
            self._flush_outgoing()
        elif not self._enlisted:
            self._enlisted = True
            self.factory.flush_later(self)

    def write_now(self, data: bytes) -> None:
        """As `write`, but it leaves at once, after what was written before: the caller has gathered a turn's bytes."""
        if self._write_over or (self.disconnecting and self._producer is None) or self._lostTLSConnection or not data:
            return
        self._outgoing.append(data)
        self._flush_outgoing()

    def flush_turn(self) -> None:
        """Called by the factory at the end of the reactor's turn."""
        self._enlisted = False
        try:
            self._flush_outgoing()
        except Exception:
            # The others of this turn must not suffer for it.
            _log.failure("while writing to a TLS connection")
            self.abortConnection()

    def _flush_outgoing(self) -> None:
        """Hand what has gathered to OpenSSL."""
        outgoing = self._outgoing
        if outgoing:
            self._outgoing = []
            self._outgoing_size = 0
            self._write(outgoing[0] if len(outgoing) == 1 else b"".join(outgoing))

    def _write(self, data: bytes) -> None:
        if self._lostTLSConnection or self._close_sent:
            return
        if self._appSendBuffer:
            self._bufferedWrite(data)
            return
        if len(data) > _BATCH:
            for start in range(0, len(data), _BATCH):
                self._write(data[start : start + _BATCH])
            return
        problem = write_records(self._tlsConnection, data)
        if problem is None:
            self._flushSendBIO()
        elif isinstance(problem, SSL.WantReadError):
            self._bufferedWrite(data)
        else:
            self._tlsShutdownFinished(_failure(problem))

    def _flushSendBIO(self) -> None:
        records = take_output(self._tlsConnection)
        if records:
            send_now(self.transport, records)

    def _unbufferPendingWrites(self) -> None:
        pending, self._appSendBuffer = self._appSendBuffer, []
        self._write(b"".join(pending))
        if self._appSendBuffer:
            return
        if self._producer is not None:
            self._producer.resumeProducing()
        else:
            self._finish_writing()

    def unregisterProducer(self) -> None:
        """The producer is done; a close that waited for it goes on."""
        self._flush_outgoing()
        # The inherited method would send close_notify by itself, and for loseConnection alone.
        closing, self.disconnecting = self.disconnecting, False
        super().unregisterProducer()
        self.disconnecting = closing
        self._finish_writing()

    # Ending

    def loseWriteConnection(self) -> None:
        """Send close_notify after what was written, and go on reading. Twice is as once."""
        if self._write_over or self.disconnecting or not self.connected:
            return
        self._write_over = True
        self._flush_outgoing()
        self._finish_writing()

    def loseConnection(self) -> None:
        """Write what is to be written, send close_notify, and close once the peer has answered or time is up."""
        if self.disconnecting or not self.connected:
            return
        self._flush_outgoing()
        if not self._handshakeDone and not self._appSendBuffer:
            self.abortConnection()
            return
        self.disconnecting = True
        self._finish_writing()

    def _finish_writing(self) -> None:
        """Send the close_notify that was asked for, unless something is still to be written before it."""
        if self._appSendBuffer or self._producer is not None or self._lostTLSConnection:
            return
        if self.disconnecting:
            if not self._read_over:
                # The answer to our close must be seen, also when the protocol has paused its reading.
                self.transport.resumeProducing()
            self._set_deadline(LINGER_SECONDS, self._linger_late)
            self._shutdownTLS()
        elif self._write_over and not self._close_sent:
            self._shutdownTLS()

    def _shutdownTLS(self) -> None:
        self._close_sent = True
        super()._shutdownTLS()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        self._set_deadline(LINGER_SECONDS, self.transport.abortConnection)
        super()._tlsShutdownFinished(reason)

    def _linger_late(self) -> None:
        self._deadline = None
        self._set_deadline(LINGER_SECONDS, self.transport.abortConnection)
        self.transport.loseConnection()

    def abortConnection(self) -> None:
        """Drop the connection at once, without close_notify: the peer sees that something is missing."""
        if self._aborted:
            return
        self._aborted = True
        self.disconnecting = True
        self._outgoing.clear()
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """Called by the transport below: TCP's end of file.

        After a close_notify we may still write, but not to a user: browsers that leave say close_notify first, and
        nginx, too, takes TCP's end for the user's leaving. Without close_notify what came may be cut short: that ends
        the connection.
        """
        if self.disconnecting:
            # We have closed, and so has the peer, if without TLS's words for it: few clients bother.
            self._lostTLSConnection = True
            self.transport.loseConnection()
        elif not self._read_over:
            self._tlsConnection.bio_shutdown()
            self._flushReceiveBIO()
            self.transport.abortConnection()
        elif self.factory.leaves_at_eof:
            self.transport.abortConnection()

    def writeConnectionLost(self) -> None:
        """Called by the transport below; nothing follows from it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Called by the transport below: the end, once."""
        self._ended = True
        self.factory.handshake_over(self)
        self._set_deadline(None)
        self._outgoing.clear()
        if self.disconnecting:
            # Ours was the last word: the inherited method would look for an end of the peer's, and not find it.
            self._lostTLSConnection = True
        elif self._read_over and not IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            # The peer said that this was all; whatever TCP met after that took nothing away.
            reason = _failure(ConnectionDone())
        super().connectionLost(reason)

    def _set_deadline(self, seconds: float | None, then: Callable[[], object] | None = None) -> None:
        """Run `then` in so many seconds unless another deadline, or None, replaces it."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None and then is not None and not self._ended:
            self._deadline = self.factory.clock.callLater(seconds, then)


def _failure(error: BaseException) -> Failure:
    return Failure(error)
