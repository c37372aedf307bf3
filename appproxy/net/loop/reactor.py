"""A reactor for Linux that spends less on each event: Twisted's own for epoll, with a shorter way from kernel to protocol.

For each event, `EPollReactor` (Twisted 26.10) makes some twenty Python calls: half of them set a log context, which only
Twisted's old `log.msg` reads, most others look for delayed calls before and after each poll. That is a fifth of what
forwarding a small message costs. `RelayReactor` does with four:

- A descriptor that may be read is read at once, without a log context. An exception is logged within one, as ever, and
  ends that connection alone.
- What is to be done at the end of a turn (`at_turn_end`) costs one entry in a list, in place of a delayed call, which is made,
  put into a heap, and taken out by comparing it in Python with a dozen others.
- As long as nothing else is due (no new delayed call, none whose time has come, nothing from another thread, no stop), it
  polls again without looking for all of that.

And its `seconds` are those of a clock that nobody sets. Twisted's are the time of day: when that is set back by an hour, all
timers wait for an hour more (deadlines, signs of life, the look for what was revoked), and when it is set ahead, all are due.

`twistd -r appproxy` installs it, as `-r` does any reactor; our own programs do where no other was asked for. All that runs
on Twisted runs on it, and all of appproxy on any other reactor, at that one's cost.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from select import EPOLLIN
from typing import Any

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor
from twisted.python import log

from appproxy.net.loop.reading import ReadingConnector, ReadingPort, ReadingServer

#: Seconds: epoll_wait(2) takes its milliseconds in 31 bits.
_LONGEST = 86_400.0


class RelayReactor(EPollReactor):
    """See the module's own text. It uses privates of Twisted: tests/net/loop/test_reactor.py fails when they move."""

    #: IReactorTime. A function in C: it is asked several times in each turn.
    seconds = staticmethod(time.monotonic)

    def __init__(self) -> None:
        super().__init__()
        self._turn_ends: list[Callable[[], object]] = []
        #: Call this once, after all events that the present poll has found, and before the reactor waits for others. What
        #: is asked for by such a call itself comes at the end of the next turn.
        self.at_turn_end: Callable[[Callable[[], object]], None] = self._turn_ends.append

    def _end_turn(self) -> None:
        calls = self._turn_ends[:]
        self._turn_ends.clear()  # `at_turn_end` is this very list's
        for call in calls:
            try:
                call()
            except BaseException:  # as Twisted does with a delayed call
                log.err()

    def doPoll(self, timeout: float | None) -> None:
        """Wait for events for so many seconds at most, None for ever; deal with those that have come, and end the turn."""
        selectables: dict[int, Any] = self._selectables
        for fd, event in self._poller.poll(timeout, len(selectables)):
            selectable = selectables.get(fd)
            if selectable is None:
                continue  # an earlier one of these events has closed it
            if event != EPOLLIN:
                log.callWithLogger(selectable, self._doReadOrWrite, selectable, fd, event)
                continue
            try:
                why = selectable.doRead()
            except BaseException as error:  # it becomes the reason of the connection's end, as in Twisted
                log.callWithLogger(selectable, log.err)
                why = error
            if why:
                # Seldom; and what a connection's end goes wrong with is logged, and keeps no other from its event.
                log.callWithLogger(selectable, self._disconnectSelectable, selectable, why, True)
        if self._turn_ends:
            self._end_turn()

    def doIteration(self, delay: float | None) -> None:
        """Called by Twisted's main loop between two looks at delayed calls, threads and signals: `doPoll` until one is due.

        `delay`: as there; until the reactor runs it is False, for no time at all.
        """
        if self._turn_ends:
            # From a delayed call. They may have made others, for which `delay` would be too long.
            self._end_turn()
            return
        self.doPoll(delay)
        while self.running and not (self._turn_ends or self._newTimedCalls or self.threadCallQueue or self._justStopped):
            if waiting := self._pendingTimedCalls:
                left = waiting[0].time - self.seconds()
                if left <= 0:
                    return
                self.doPoll(min(left, _LONGEST))
            else:
                self.doPoll(None)

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> ReadingPort:
        """As Twisted's, with connections of ours."""
        listening = ReadingPort(port, factory, backlog, interface, self)
        listening.startListening()
        return listening

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: Any) -> Any:
        """The same, for a socket that listens already."""
        if addressFamily not in (socket.AF_INET, socket.AF_INET6):
            return super().adoptStreamPort(fileDescriptor, addressFamily, factory)
        listening = ReadingPort._fromListeningDescriptor(self, fileDescriptor, addressFamily, factory)
        listening.startListening()
        return listening

    def adoptStreamConnection(self, fileDescriptor: int, addressFamily: int, factory: Any) -> Any:
        """The same, for one that somebody else has accepted."""
        if addressFamily not in (socket.AF_INET, socket.AF_INET6):
            return super().adoptStreamConnection(fileDescriptor, addressFamily, factory)
        return ReadingServer._fromConnectedSocket(fileDescriptor, addressFamily, factory, self)

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30.0, bindAddress: Any = None,
    ) -> ReadingConnector:
        """The same."""
        connector = ReadingConnector(host, port, factory, timeout, bindAddress, self)
        connector.connect()
        return connector

    def iterate(self, delay: float = 0.0) -> None:
        """Called by whoever turns the reactor by hand: one poll."""
        self.runUntilCurrent()
        self.doPoll(0.0 if self._turn_ends else delay)


def install() -> None:
    """Make it the reactor of this process. Raises ReactorAlreadyInstalledError when there is one."""
    installReactor(RelayReactor())


def install_unless_another() -> None:
    """The same, unless the process has a reactor: whoever runs twistd may have asked for one (`-r`)."""
    if "twisted.internet.reactor" not in sys.modules:
        install()
