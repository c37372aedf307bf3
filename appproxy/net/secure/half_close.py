"""TLS on Twisted's transports, with the half-close, the batching and the deadlines that Twisted's own lacks.

`HalfCloseTLS` is `TLSMemoryBIOProtocol` (Twisted 26.10) with these differences:

- close_notify ends one direction. A protocol that provides IHalfCloseableProtocol hears `readConnectionLost` when the
  peer will send no more, and goes on writing; `loseWriteConnection` says that we will send no more, and reading goes
  on. Other protocols are closed both ways, as ever.
- A connection that ends without close_notify ends with ConnectionLost, one that ends with it with ConnectionDone: what
  came before may be believed complete only in the second case.
- All that is written in one reactor turn leaves as one run of records (`batched_tls`); all that one TCP read brought is
  one call of dataReceived.
- `abortConnection` never sends close_notify: a broken answer cannot look like a complete one.
- A handshake that takes too long, and a peer that does not answer our close, are cut off; so is the oldest of too many
  handshakes at the same time.

It overrides methods that Twisted does not promise to keep; tests/net/secure/test_half_close.py fails when they move.
"""

from __future__ import annotations

from collections.abc import Callable

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IProtocolFactory,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import AppProxyError
from appproxy.net.secure.batched_tls import BatchedTLS, BatchingFactory
from appproxy.net.secure.contexts import ACME_TLS
from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.net.secure.records import read_records, renew_buffers
from appproxy.net.secure.sockets import step_past_endpoint

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


class ConnectionFactory(BatchingFactory):
    """What the connections of one listener, or of one client, have in common: `tls_factory.HalfCloseTLSFactory`."""

    clock: IReactorTime
    #: A peer without a protocol (ALPN) in common with us is sent away.
    requires_protocol: bool
    #: Seconds for a handshake; None: any number.
    handshake_seconds: float | None
    #: Makes the protocol of a connection that begins with HTTP instead of TLS.
    plain: IProtocolFactory | None
    #: TCP's end of file says that the peer is gone, whatever it said before.
    leaves_at_eof: bool

    def handshake_begun(self, connection: HalfCloseTLS) -> None:
        """Called by a connection that begins."""
        raise NotImplementedError

    def handshake_over(self, connection: HalfCloseTLS) -> None:
        """Called by a connection whose handshake succeeded, or that has ended; twice is as once."""
        raise NotImplementedError


@implementer(IHalfCloseableProtocol)
class HalfCloseTLS(BatchedTLS):
    """TLS over another transport; the transport of `wrappedProtocol`. See the module's own text.

    The wrapped protocol reads `peer_certificate` and `negotiated` in `handshakeCompleted` (IHandshakeListener), never
    in connectionMade: by then no handshake has taken place.
    """

    factory: ConnectionFactory
    #: Whose handshakes it counts among: the peer's network, "" where that does not matter.
    owner = ""
    #: close_notify has come: nothing more is read.
    _read_over = False
    _deadline: IDelayedCall | None = None
    #: The transport below has gone.
    _ended = False
    #: Bytes have come.
    _heard = False

    @property
    def handshake_done(self) -> bool:
        """Has the handshake succeeded, on our side?"""
        return self._handshakeDone

    # Beginning

    def makeConnection(self, transport: object) -> None:
        """Called by the transport below: start the handshake and its deadline."""
        self._set_deadline(self.factory.handshake_seconds, self._handshake_late)
        self.factory.handshake_begun(self)
        step_past_endpoint(transport, self)
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
            renew_buffers(self._tlsConnection)
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
            if self._lostTLSConnection or self._read_over:
                return
            plain, end = read_records(self._tlsConnection, data)
            if plain and not self.disconnecting:
                self.wrappedProtocol.dataReceived(plain)
            if end is not None:
                self._reading_ended(end)
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
        plain, end = read_records(self._tlsConnection)
        if plain and not self.disconnecting:
            self.wrappedProtocol.dataReceived(plain)
        if end is not None:
            self._reading_ended(end)

    def _reading_ended(self, end: SSL.Error) -> None:
        """No more can be read, for this reason."""
        if self._aborted or self._lostTLSConnection or self._tlsConnection is None:
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
        if self._appSendBuffer or self._producer is not None or self._lostTLSConnection or self._aborted:
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
