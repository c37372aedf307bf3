"""A program that SIGHUP makes start the next one of its kind beside itself, which then goes on in its place."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from twisted.internet.error import CannotListenError

from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.process.notify import READY, notify, reloading, succeeded
from appproxy.twistd.process.program import StateOptions, TwistdProgram, reason_of
from appproxy.twistd.process.succession import WORD, Successor, has_left, own_command, say_ready

#: Seconds after which a predecessor is taken to have left. An earlier version closes the pipe only when it has drained.
LEFT_WITHIN = 3.0
_LOOK_EVERY = 0.02


class SuccessiveProgram(TwistdProgram):
    """Subclasses say when they are ready (`may_be_succeeded`), what the next one gets, and how they leave.

    `given`: what it has of systemd or its predecessor. `why_no_successor`: what keeps it from starting another process, or "".
    """

    def __init__(
        self, name: str, reactor: Any, environment: Mapping[str, str], log_format: str, given: Inherited | None,
        why_no_successor: str,
    ) -> None:  # fmt: skip
        super().__init__(name, reactor, environment, log_format)
        self._word = given.take(WORD) if given is not None else None
        self._why_no_successor = why_no_successor
        self._successor: Successor | None = None

    def hand_over(self) -> Mapping[str, int]:
        """Descriptors for the next one. Raises CannotListenError."""
        return {}

    def enter(self) -> None:
        """The predecessor, if there was one, takes nothing more."""

    def leave(self) -> None:
        """The next one is ready: take nothing new. The drain follows."""

    def no_successor(self, reason: str) -> None:
        """It could not be started."""

    def may_be_succeeded(self) -> None:
        """From now on SIGHUP is heard, and a predecessor may leave."""
        signal.signal(signal.SIGHUP, lambda number, frame: self._reactor.callFromThread(self.reload))
        if self._word is None:
            self.enter()
        else:
            say_ready(self._word)
            self._look(self._word, self._reactor.seconds() + LEFT_WITHIN)

    def _look(self, word: int, until: float) -> None:
        if has_left(word) or self._reactor.seconds() >= until:
            os.close(word)
            self.enter()
        else:
            self._reactor.callLater(_LOOK_EVERY, self._look, word, until)

    def reload(self) -> None:
        """Start the program as it is installed, with the settings as they are now, and let it go on in this one's place."""
        if self._successor is not None or not self.running:
            return
        if self._why_no_successor:
            self._failed_to_start(self._why_no_successor)
            return
        self.log.info("reload: a new process is started beside this one")
        notify(self._environment, reloading(int(time.monotonic() * 1e6)))
        self._successor = Successor(self._reactor, self._succeeded, self._failed_to_start)
        try:
            self._successor.start(own_command(), self._environment, self.hand_over())
        except (OSError, CannotListenError) as error:
            self._failed_to_start(reason_of(error))

    def _succeeded(self, process: int) -> None:
        self.log.info("process {process} goes on from here; this one finishes what is under way", process=process)
        notify(self._environment, succeeded(process))
        self.is_succeeded = True
        self.leave()
        self._reactor.stop()

    def _failed_to_start(self, reason: str) -> None:
        self._successor = None
        self.log.error("there is no new process, and this one goes on: {reason}", reason=reason)
        self.no_successor(reason)
        notify(self._environment, READY)


#: Set to `no` in the environment of a program whose process is watched by what started it: its end counts as a failure there.
RELOAD_VARIABLE = "APPPROXY_RELOAD"


def why_none_beside(options: StateOptions) -> str:
    """What keeps processes with this command line from running beside each other; "" for nothing."""
    twistd = getattr(options, "parent", None)
    if twistd is not None and (twistd["pidfile"] or not twistd["nodaemon"]):
        return "twistd keeps a pid file or runs in the background; start it with -n --pidfile="
    return ""


def why_no_successor(options: StateOptions, environment: Mapping[str, str], process: int) -> str:
    """What keeps a second process with this command line from running beside the first, `process`; "" for nothing."""
    beside = why_none_beside(options)
    if beside:
        return beside
    if environment.get(RELOAD_VARIABLE) == "no":
        return f"what started it watches its process ({RELOAD_VARIABLE}=no); stop it, and start it again"
    if process == 1:
        return "a container ends with its first process; start a new container instead"
    return ""
