"""A batch of syslog messages over one TCP connection, with or without TLS, in a thread that may wait.

Syslog has no word for "I have it". What comes nearest: after the batch we close our direction (TLS: close_notify), and the
receiver, once it has read everything, closes its own. A receiver that ends, or is killed, with unread bytes resets the
connection instead, and the batch is sent again.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import cast

from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOProtocol

from appproxy.errors import AppProxyError
from appproxy.net.secure.contexts import ClientContext
from appproxy.service.exports.delivery import DeliveryFailed

#: Bytes that are read at once of what a receiver says, which is nothing; more than `_MOST_SAID` in all is none of syslog's.
_READ, _MOST_SAID = 16_384, 65_536


def send_frames(host: str, port: int, context: ClientContext | None, frames: Sequence[bytes], seconds: float) -> None:
    """Send these and wait until all is read; blocks for at most so many seconds. Raises DeliveryFailed, or OSError.

    `context`: checks the receiver's certificate; None for no TLS.
    """
    deadline = time.monotonic() + seconds

    def left() -> float:
        return deadline - time.monotonic()

    with connected(host, port, left) as connection:
        line = Line(connection, left)
        if context is None:
            send_plain(line, frames)
        else:
            Secured(line, context).send(frames)


def connected(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    """A connection to one of the host's addresses. Each has its share of the time that is left, and one more share is for
    what is sent then: an address that is dead does not use up the others' time. Raises DeliveryFailed, or OSError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, address) in enumerate(found, 1):
        if (time_left := left()) <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(time_left / (len(found) - index + 2))
            connection.connect(address)
        except OSError:
            connection.close()
            if index == len(found):
                raise
        else:
            return connection
    raise DeliveryFailed("no address of the receiver's answers in time")


class Line:
    """A connection that is there. `left`: how many seconds all that is still to be done may take."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._socket = connection
        self._left = left

    def write(self, data: bytes) -> None:
        """All of it. Raises DeliveryFailed, or OSError."""
        self._in_time().sendall(data)

    def read(self) -> bytes:
        """Something; b"" at the end. Raises DeliveryFailed, or OSError."""
        return self._in_time().recv(_READ)

    def end(self) -> None:
        """Nothing more is written."""
        self._socket.shutdown(socket.SHUT_WR)

    def _in_time(self) -> socket.socket:
        if (left := self._left()) <= 0:
            raise DeliveryFailed("the receiver is too slow")
        self._socket.settimeout(left)
        return self._socket


def send_plain(line: Line, frames: Sequence[bytes]) -> None:
    """Raises DeliveryFailed, or OSError."""
    line.write(b"".join(frames))
    line.end()
    said = 0
    while piece := line.read():
        said += _counted(piece, said)


def _counted(piece: bytes, before: int) -> int:
    """How much it said. Raises DeliveryFailed for a receiver that talks without end."""
    if before + len(piece) > _MOST_SAID:
        raise DeliveryFailed("the receiver answers at length: it is no syslog")
    return len(piece)


class Secured:
    """TLS over a line."""

    def __init__(self, line: Line, context: ClientContext) -> None:
        self._line = line
        #: Why the receiver's certificate is refused.
        self._refused: AppProxyError | None = None
        self._tls = context.clientConnectionForTLS(cast("TLSMemoryBIOProtocol", self))
        self._tls.set_app_data(self)
        self._tls.set_connect_state()

    def certificate_refused(self, error: AppProxyError) -> None:
        """Called by the context's check."""
        self._refused = error

    def send(self, frames: Sequence[bytes]) -> None:
        """The whole conversation. Raises DeliveryFailed, or OSError."""
        try:
            self._shake_hands()
            data = b"".join(frames)
            while data:
                data = data[self._tls.send(data[:_READ]) :]
                self._flush()
            self._tls.shutdown()
            self._flush()
            self._await_the_end()
        except SSL.Error as error:
            raise DeliveryFailed(str(self._refused) if self._refused is not None else f"TLS: {_words(error)}") from error

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except SSL.WantReadError:
                self._flush()
                if not self._fill():
                    raise DeliveryFailed("the receiver has closed the connection before TLS was there") from None
            else:
                return self._flush()

    def _await_the_end(self) -> None:
        """Its close_notify, or its end of TCP without one: some receivers leave that out. A reset raises OSError."""
        said = 0
        while True:
            try:
                said += _counted(self._tls.recv(_READ), said)
            except SSL.WantReadError:
                if not self._fill():
                    return
            except SSL.ZeroReturnError:
                return

    def _fill(self) -> bool:
        """Wait for bytes of the receiver's; False: there are no more."""
        piece = self._line.read()
        if piece:
            self._tls.bio_write(piece)
        return bool(piece)

    def _flush(self) -> None:
        while True:
            try:
                piece = self._tls.bio_read(_READ)
            except SSL.WantReadError:
                return
            self._line.write(piece)


def _words(error: SSL.Error) -> str:
    """OpenSSL's reasons."""
    reasons = [str(one[-1]) for one in (error.args[0] if error.args else ()) if isinstance(one, tuple)]
    return "; ".join(reasons) or type(error).__name__
