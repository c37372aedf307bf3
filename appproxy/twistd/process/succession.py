"""A service's next process: started beside the present one with its listening sockets, its lock, and one pipe to say READY on.

The present one goes on until that word comes, so that a new version or new settings which cannot start cost nobody
anything. After it the present one takes nothing new, drains, and ends.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.net.descriptors.inherited import as_variable

#: The pipe's end, among what a successor inherits.
WORD = "word"
_READY = b"ready"
#: Descriptors of a child: the three that every program has, the pipe, and all others behind it.
_STANDARD = 3
#: Seconds that a start may take: opening a database of 10,000 applications, and migrating it, is a matter of a few.
PATIENCE = 60.0
#: Seconds for which one that is too late may end by itself; it has our sockets, and must not go on beside us.
END_SECONDS = 5.0
#: Seconds for which one must live after its word before this process leaves.
SETTLE_SECONDS = 0.5


def say_ready(descriptor: int) -> None:
    """Tell the predecessor that this process serves. `descriptor`: what was inherited as `WORD`."""
    os.write(descriptor, _READY)


def has_left(descriptor: int) -> bool:
    """Has the predecessor closed its end of the pipe, because it takes nothing more, or is gone?"""
    look = select.poll()
    look.register(descriptor, 0)  # an end that is closed is told without being asked for
    return bool(look.poll(0))


def own_command() -> list[str]:
    """The command line of this very process, as the next one is to be started."""
    return [sys.executable, *sys.orig_argv[1:]]


class Successor(ProcessProtocol):
    """One attempt. `ready` hears the process's number, `failed` why there will be none; one of them, once.

    `reactor` has time and processes.
    """

    log = Logger()

    def __init__(self, reactor: Any, ready: Callable[[int], None], failed: Callable[[str], None]) -> None:
        self._reactor = reactor
        self._ready = ready
        self._failed = failed
        self._waiting: IDelayedCall | None = None
        self._settling: IDelayedCall | None = None
        self._ending: IDelayedCall | None = None

    def start(self, command: Sequence[str], environment: Mapping[str, str], descriptors: Mapping[str, int]) -> None:
        """Start `command` with these descriptors. Raises OSError when there can be no process."""
        numbers = {name: _STANDARD + 1 + at for at, name in enumerate(descriptors)}
        child: dict[int, Any] = {number: number for number in range(_STANDARD)}
        child[_STANDARD] = "r"
        child.update((numbers[name], descriptor) for name, descriptor in descriptors.items())
        variables = {**environment, **as_variable({**numbers, WORD: _STANDARD})}
        self._waiting = self._reactor.callLater(PATIENCE, self._too_late)
        try:
            self._reactor.spawnProcess(self, command[0], list(command), variables, childFDs=child)
        except BaseException:
            # Who called hears of it; nothing is waited for, and there is no process to end.
            self._over()
            raise

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Called by Twisted: the word. It counts when its process is still there a moment later."""
        if childFD == _STANDARD and self._over():
            self._settling = self._reactor.callLater(SETTLE_SECONDS, self._settled)

    def _settled(self) -> None:
        self._settling = None
        transport: Any = self.transport
        self._ready(transport.pid)
        transport.closeChildFD(_STANDARD)  # which it sees (`has_left`)

    def processEnded(self, reason: Failure) -> None:
        """Called by Twisted: it has ended, perhaps before its word, or too soon after it."""
        ending, self._ending = self._ending, None
        if ending is not None:
            ending.cancel()
        settling, self._settling = self._settling, None
        if settling is not None:
            settling.cancel()
            self._failed("it ended as soon as it was ready; the lines before this one say why")
        elif self._over():
            self._failed("it could not start; the lines before this one say why")

    def _too_late(self) -> None:
        """Its word comes no more: the pipe for that is closed, so that it fails itself when it says it."""
        self._waiting = None
        transport: Any = self.transport
        transport.closeChildFD(_STANDARD)
        transport.signalProcess("TERM")
        self._ending = self._reactor.callLater(END_SECONDS, self._kill)
        self._failed(f"it was not ready within {PATIENCE:g} s")

    def _kill(self) -> None:
        self._ending = None
        transport: Any = self.transport
        transport.signalProcess("KILL")

    def _over(self) -> bool:
        """Is this what has been waited for?"""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()
        return waiting is not None
