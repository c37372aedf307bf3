"""TLS on Twisted's transports, with what is written in one turn of the reactor in one run of records: the sending side.

Each connection asks to be flushed at the turn's end (`flush_scheduler`) when something is first written to it, so that any
number of small writes are one call of OpenSSL and one of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IProtocol
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from appproxy.net.secure.records import encrypt, take_output
from appproxy.net.secure.sockets import send_now

#: A plaintext batch: four full records. Larger ones only make OpenSSL's memory buffers, which never shrink, larger.
_BATCH = 65_536
#: Writes that may wait for the end of the reactor's turn. With all of a busy turn's requests in one batch, service and
#: connector work in turn, each waiting for the other; four at a time keep both at work. One in four costs a system call.
_MOST_WRITES = 4

_log = Logger()


class BatchingFactory(TLSMemoryBIOFactory):
    """What connections that batch have in common."""

    #: Has something called at the end of this turn of the reactor.
    at_turn_end: Callable[[Callable[[], object]], None]


class BatchedTLS(TLSMemoryBIOProtocol):
    """TLS over another transport, whose writes wait for each other. When and how it ends is for a subclass to say."""

    factory: BatchingFactory
    #: The transport below: TCP's, another layer's, or a test's.
    transport: Any
    _tlsConnection: Any
    #: Our direction is over: nothing more is taken.
    _write_over = False
    #: close_notify has gone out.
    _close_sent = False
    #: Our turn to flush is noted with the factory.
    _enlisted = False

    def __init__(self, factory: BatchingFactory, wrappedProtocol: IProtocol, _connectWrapped: bool = True) -> None:
        super().__init__(factory, wrappedProtocol, _connectWrapped)
        self._outgoing: list[bytes] = []
        self._outgoing_size = 0

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
            self.factory.at_turn_end(self.flush_turn)

    def write_now(self, data: bytes) -> None:
        """As `write`, but it leaves at once, after what was written before: the caller has gathered a turn's bytes."""
        if self._write_over or (self.disconnecting and self._producer is None) or self._lostTLSConnection or not data:
            return
        if self._outgoing:
            self._outgoing.append(data)
            self._flush_outgoing()
        else:
            self._write(data)

    def flush_turn(self) -> None:
        """Called at the end of the reactor's turn."""
        self._enlisted = False
        outgoing = self._outgoing
        if not outgoing:
            return
        self._outgoing = []
        self._outgoing_size = 0
        try:
            self._write(outgoing[0] if len(outgoing) == 1 else b"".join(outgoing))
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
        try:
            records = encrypt(self._tlsConnection, data)
        except SSL.WantReadError:
            self._bufferedWrite(data)
        except SSL.Error as error:
            self._tlsShutdownFinished(Failure(error))
        else:
            send_now(self.transport, records)

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

    def _finish_writing(self) -> None:
        """All that was taken is written, and no producer is left: end our direction, if that was asked for."""
        raise NotImplementedError
