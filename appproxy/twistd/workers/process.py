"""One worker as its parent sees it: a process, the pipe to it, and the connections that it was given and has not taken."""

from __future__ import annotations

import os
import signal
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.net.descriptors.packets import PacketPipe, pair
from appproxy.twistd.process.succession import PATIENCE
from appproxy.twistd.workers.crew import Member
from appproxy.twistd.workers.handed import CONNECTION, FAILED, NODE, PARTING, REPLACED, SERVES, STOP, TAKEN
from appproxy.twistd.workers.place import PIPE, WorkerPlace

#: A worker is stuck when it has not taken one and the same connection at so many looks, each so many seconds after the last.
#: Looks, not a time: where the whole machine stood still, or its clock was set, workers are given the time to go on.
LOOKS, LOOK_EVERY = 6, 10.0
#: A connection under way to a worker: the socket, and the listener that it came from.
Parcel = tuple[socket.socket, str]


class Parent(Protocol):
    """Who is told."""

    def serves(self, worker: WorkerProcess) -> None:
        """It is ready."""

    def has_room(self) -> None:
        """It has taken something."""

    def parts(self, worker: WorkerProcess) -> None:
        """Somebody else has told it to end: it waits until it is let go."""

    def give_again(self, parcel: Parcel) -> None:
        """It has not taken this, and is gone."""

    def ended(self, worker: WorkerProcess) -> None:
        """Its process has."""


class WorkerProcess(ProcessProtocol):
    """`member`: what the crew knows of it. `start`: what it is told of its parent's start."""

    log = Logger()

    def __init__(self, reactor: Any, parent: Parent, member: Member, start: str = "") -> None:
        self._parent_start = start
        self.member = member
        #: It was told to end.
        self.is_dismissed = False
        #: What it has said when it was ready.
        self.said = ""
        self.began: float = reactor.seconds()
        self._reactor = reactor
        self._parent = parent
        #: With the time at which it was given each.
        self._untaken: deque[tuple[float, Parcel]] = deque()
        self._look: IDelayedCall | None = None
        self._pipe: PacketPipe | None = None
        self._killing: IDelayedCall | None = None
        self._late: IDelayedCall | None = None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises OSError when there can be no process."""
        ours, theirs = pair()
        place = WorkerPlace(self.member.number, os.getpid(), self.member.generation, start=self._parent_start)
        try:
            self._reactor.spawnProcess(
                self, command[0], list(command), {**environment, **place.as_variable()},
                childFDs={0: 0, 1: 1, 2: 2, PIPE: theirs.fileno()})
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._pipe = PacketPipe(self._reactor, ours, self._received, self._lost)
        self._late = self._reactor.callLater(PATIENCE, self._too_late)

    @property
    def pid(self) -> int:
        """Its process's number."""
        return int(getattr(self.transport, "pid", None) or 0)

    def give(self, parcel: Parcel) -> None:
        """It gets this connection; the parent's descriptor is closed when it has taken it."""
        pipe = self._pipe
        if pipe is None:
            parcel[0].close()
            return
        self._untaken.append((self._reactor.seconds(), parcel))
        self._count()
        if self._look is None:
            self._look_later(0)
        pipe.send(CONNECTION + parcel[1].encode("ascii"), parcel[0].fileno())

    def tell_failed(self, reason: str) -> None:
        """A reload came to nothing."""
        if self._pipe is not None:
            self._pipe.send(FAILED + reason.encode()[:1000])

    def leave(self, replaced: bool, seconds: float) -> None:
        """Let it end what is under way, then itself; after so many seconds it is killed."""
        if self.is_dismissed:
            return
        self.is_dismissed = self.member.leaves = True
        if self._pipe is not None:
            self._pipe.send(REPLACED if replaced else STOP)
        self._killing = self._reactor.callLater(seconds, self.kill)

    def kill(self) -> None:
        """End it at once."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def _count(self) -> None:
        self.member.untaken = len(self._untaken)
        self.member.oldest = self._untaken[0][0] if self._untaken else None

    def _look_later(self, seen: int) -> None:
        self._look = self._reactor.callLater(LOOK_EVERY, self._look_at, self._untaken[0], seen)

    def _look_at(self, oldest: tuple[float, Parcel], seen: int) -> None:
        """Does it still take what it is given? `seen`: at how many looks it had not taken this."""
        self._look = None
        if not self._untaken:
            return
        seen = seen + 1 if self._untaken[0] is oldest else 0
        if seen >= LOOKS:
            self.log.error("worker {number} (process {process}) has taken no connection for {seconds:g} s, and is killed",
                           number=self.member.number, process=self.pid, seconds=LOOKS * LOOK_EVERY)
            self.kill()
        self._look_later(seen % LOOKS)

    def _too_late(self) -> None:
        self.log.error("worker {number} was not ready within {seconds:g} s", number=self.member.number, seconds=PATIENCE)
        self.kill()

    def _received(self, packet: bytes, descriptor: int | None) -> None:
        if descriptor is not None:
            os.close(descriptor)
        kind = packet[:1]
        if kind == TAKEN and self._untaken:
            self._untaken.popleft()[1][0].close()
            self._count()
            self._parent.has_room()
        elif kind == NODE:
            self.member.node = packet[1:].decode("ascii", "replace")
        elif kind == SERVES:
            self.member.ready = self._reactor.seconds()
            self.said = packet[1:].decode("ascii", "replace")
            _stop(self._late)
            self._parent.serves(self)
        elif kind == PARTING:
            self._parent.parts(self)

    def _lost(self) -> None:
        """It reads no more: what it has not taken is for others."""
        self._pipe = None
        self.member.leaves, self.member.node = True, ""
        untaken, self._untaken = self._untaken, deque()
        self._count()
        _stop(self._look)
        for _, parcel in untaken:
            self._parent.give_again(parcel)

    def processEnded(self, reason: Failure) -> None:
        """Called by Twisted."""
        _stop(self._killing)
        _stop(self._late)
        if self._pipe is not None:
            self._pipe.close()
            self._lost()
        self._parent.ended(self)


def _stop(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()

