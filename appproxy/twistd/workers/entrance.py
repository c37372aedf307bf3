"""The parent's end of a listener: accepts, and reads nothing. Of a connector's connection it looks at the first bytes."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.loop.exhaustion import EXHAUSTION, NO_FILE
from appproxy.tunnel.asked_node import asked_node

#: Connections that are accepted in one turn of the reactor.
_IN_A_TURN = 32
#: Seconds until it is tried again, where no descriptor is free, no memory, or the network is down.
_AGAIN = 0.2
#: Seconds between two lines of the log about that.
_SAY_EVERY = 60.0
#: Connections whose first bytes are waited for; of one more, the oldest goes to any worker, whose limits are for strangers.
MOST_LOOKED_AT = 256
#: Seconds for those bytes.
LOOK_SECONDS = 5.0
#: Takes a connection; False: nobody can now, and it is still the caller's.
Give = Callable[[socket.socket], bool]


class _Watched:
    """What a reactor needs of something with a descriptor that is read."""

    def __init__(self, found: socket.socket) -> None:
        self.socket = found

    def fileno(self) -> int:
        """-1 when it is closed."""
        return self.socket.fileno()

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return self.__class__.__name__


@implementer(IReadDescriptor)
class Entrance(_Watched):
    """One listening socket. While nobody can take a connection, they wait in its queue: `resume` goes on."""

    log = Logger()

    def __init__(self, reactor: Any, found: socket.socket, give: Give) -> None:
        super().__init__(found)
        found.setblocking(False)
        self._reactor = reactor
        self._give = give
        #: Accepted, and taken by nobody.
        self._left: socket.socket | None = None
        self._later: IDelayedCall | None = None
        self._open = True
        self._paused = False
        self._said: float | None = None
        reactor.addReader(self)

    def doRead(self) -> None:
        """Somebody has come."""
        for _ in range(_IN_A_TURN):
            try:
                found, _ = self.socket.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                if error.errno in NO_FILE:
                    EXHAUSTION.met("connections that come in")
                else:
                    self._say(str(error))
                self._try_again()
                return
            if not self._is_taken(found):
                self._left = found
                self._pause()
                return

    def _is_taken(self, found: socket.socket) -> bool:
        """Give it away. One that cannot even be offered is closed: those behind it are no worse for it."""
        try:
            return self._give(found)
        except Exception:
            self.log.failure("a connection that came in could not be given to a worker")
            found.close()
            return True

    def _say(self, reason: str) -> None:
        """Not for each connection: whoever comes would fill the log."""
        now = self._reactor.seconds()
        if self._said is None or now - self._said >= _SAY_EVERY:
            self._said = now
            self.log.error("connections cannot be accepted, which is tried again: {reason}", reason=reason)

    def _try_again(self) -> None:
        """Leave who comes in the queue for a moment."""
        self._pause()
        if self._later is None or not self._later.active():
            self._later = self._reactor.callLater(_AGAIN, self.resume)

    def _pause(self) -> None:
        self._paused = True
        self._reactor.removeReader(self)

    def resume(self) -> None:
        """Somebody can take one again, perhaps."""
        if not self._paused or not self._open:
            return
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None
        left, self._left = self._left, None
        if left is not None and not self._is_taken(left):
            self._left = left
        else:
            self._paused = False
            self._reactor.addReader(self)

    @property
    def somebody_waits(self) -> bool:
        """Has anybody connected who was given to nobody yet?"""
        look = select.poll()
        look.register(self.socket, select.POLLIN)
        return self._left is not None or bool(look.poll(0))

    def close(self) -> None:
        """Accept no more."""
        self._open = False
        self._pause()
        if self._later is not None and self._later.active():
            self._later.cancel()
        if self._left is not None:
            self._left.close()
        self.socket.close()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor has found it broken, and reads it no more; or it stops, and calls nothing later."""
        if self._open and self.fileno() >= 0:
            self._say(reason.getErrorMessage())
            self._try_again()


#: Told of a connection and the node that it asks for, "" for none.
Introduced = Callable[[socket.socket, str], None]


class Introductions:
    """Connectors' connections until it is known whom they mean: bounded in number, bytes and time.

    Nothing is taken from them.
    """

    def __init__(self, reactor: Any, introduced: Introduced) -> None:
        self.reactor = reactor
        self._introduced = introduced
        self._waiting: dict[_Introduction, None] = {}

    def begin(self, found: socket.socket) -> None:
        """One that was accepted."""
        found.setblocking(False)
        one = _Introduction(self, found)
        self._waiting[one] = None
        one.look()
        if len(self._waiting) > MOST_LOOKED_AT:
            next(iter(self._waiting)).over("")

    def over(self, one: _Introduction, node: str) -> None:
        """Called by each, once."""
        del self._waiting[one]
        self._introduced(one.socket, node)

    def close(self) -> None:
        """Close all."""
        for one in list(self._waiting):
            one.forget()
            one.socket.close()
        self._waiting.clear()


@implementer(IReadDescriptor)
class _Introduction(_Watched):
    """One of them. The kernel tells of it only when the bytes that are wanted are there (SO_RCVLOWAT), or the end."""

    def __init__(self, all_: Introductions, found: socket.socket) -> None:
        super().__init__(found)
        self._all = all_
        self._wanted = 1
        self._reads = False
        self._late: IDelayedCall = all_.reactor.callLater(LOOK_SECONDS, self.over, "")

    def look(self) -> None:
        """Look at what is there."""
        try:
            data = self.socket.recv(self._wanted if self._wanted > 1 else 8192, socket.MSG_PEEK)
        except BlockingIOError:
            self._wait(self._wanted)
            return
        except OSError:
            data = b""
        found = asked_node(data)
        if isinstance(found, str):
            self.over(found)
        elif not data or len(data) >= found or self._wanted == found:
            self.over("")  # it has ended, or there is no room for more
        else:
            self._wait(found)

    def _wait(self, wanted: int) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)
        if not self._reads:
            self._reads = True
            self._all.reactor.addReader(self)

    def doRead(self) -> None:
        """What was wanted is there, or the end."""
        self.look()

    def over(self, node: str) -> None:
        """It is known, or is not waited for any more."""
        self.forget()
        self._all.over(self, node)

    def forget(self) -> None:
        """Leave the socket as it was."""
        if self._late.active():
            self._late.cancel()
        if self._reads:
            self._reads = False
            self._all.reactor.removeReader(self)
        if self._wanted > 1:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)

    def connectionLost(self, reason: Failure) -> None:
        """Called by the reactor when it is broken (the worker will find out), or when it stops."""
        self.over("")
