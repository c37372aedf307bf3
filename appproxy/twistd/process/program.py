"""What both programs share as guests of twistd: a start that says in one line why it failed, a stop that drains."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceCollection, Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.usage import Options, UsageError

from appproxy.config.values import whole
from appproxy.errors import AppProxyError, ConfigError
from appproxy.net.loop.reactor import install_unless_another
from appproxy.twistd.process.json_log import JsonLines
from appproxy.twistd.process.notify import READY, STOPPING, notify

#: The option that goes before the setting of the same name.
WORKERS = ["workers", "w", None, "How many processes are to serve. [default: the setting `workers`, 1 where it has none]"]

#: Seconds after which a thread that computes lets another one go on. A request gives the interpreter away at each system call,
#: and waits as long to have it back while the database's thread makes a snapshot of thousands of applications. Python's
#: own 5 ms made that 40 to 60 ms for one request in a hundred; now it is 1 to 6, and the snapshot takes no longer.
_SWITCH = 0.0005


class StateOptions(Options):
    """A command line with a state directory, whose settings are read at once; nothing is opened or dialled yet.

    twistd reads it before anything imports a reactor, and so ours is installed here (as `-r` installs one, and as early),
    unless the user has asked for another.

    Subclasses name the command that makes the directory, what reads its settings (it raises ConfigError), and how many workers
    there may be.
    """

    made_by: str
    read_settings: Callable[[Path], Any]
    most_workers: int = 1

    def postOptions(self) -> None:
        """Called by twistd."""
        if not self["state"]:
            raise UsageError(f"--state DIR is needed: the directory that `{self.made_by}` has made")
        try:
            self["settings"] = self.settings_now()
        except ConfigError as error:
            raise UsageError(str(error)) from error
        install_unless_another()

    def settings_now(self) -> Any:
        """Those of the directory, with what the command line says instead. Raises ConfigError."""
        settings = self.read_settings(Path(self["state"]))
        said = self.get("workers")
        if said is None:
            return settings
        try:
            workers = whole(1, self.most_workers)(int(said))
        except ValueError as error:
            raise ConfigError(f"--workers {said}: a whole number from 1 to {self.most_workers} is needed") from error
        return replace(settings, workers=workers)


class TwistdProgram(Service):
    """A twistd service whose start is a coroutine. Subclasses give `begin` and `end`.

    `reactor` must have callWhenRunning and stop. `environment` is where systemd's NOTIFY_SOCKET is looked for.
    """

    log = Logger()

    def __init__(self, name: str, reactor: Any, environment: Mapping[str, str], log_format: str) -> None:
        self.name = name
        self._reactor = reactor
        self._environment = environment
        self._log_format = log_format
        self._failed = False
        self._begun = False
        #: Another process goes on in this one's place: it is what a service manager watches.
        self.is_succeeded = False
        #: Fires when the program is ready, or has failed to become so.
        self.started: Deferred[None] = Deferred()

    async def begin(self) -> str:
        """Start everything; gives what to say when ready. Raises AppProxyError or CannotListenError."""
        raise NotImplementedError

    async def end(self) -> None:
        """Stop what `begin` has started, also when it came only half way."""
        raise NotImplementedError

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Called by twistd with its application, which may be told here where the log goes."""
        super().setServiceParent(parent)
        if self._log_format == "json" and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, JsonLines(sys.stdout))

    def startService(self) -> None:
        """Called by twistd before its reactor runs; errors are told once it does."""
        super().startService()
        self._reactor.callWhenRunning(self._start)

    def _start(self) -> None:
        if self.running:
            self._begun = True
            beginning = _run(self._begin())
            beginning.addErrback(self._could_not_start)
            beginning.chainDeferred(self.started)

    async def _begin(self) -> None:
        said = await self.begin()
        # What is there now stays for the life of the program: the cyclic collector need not look at it each time, which
        # would hold up all requests for as long as it takes, with thousands of applications a tenth of a second.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(_SWITCH)
        self.log.info("{program} ready{said}", program=self.name, said=f" {said}" if said else "")
        notify(self._environment, READY)

    def give_up(self, failure: Failure) -> None:
        """What it needs is gone: drain, and end as a program that has failed."""
        self._end_failed(failure, "cannot go on")

    def _could_not_start(self, failure: Failure) -> None:
        self._end_failed(failure, "cannot start")

    def _end_failed(self, failure: Failure, what: str) -> None:
        self._failed = True
        error = failure.value
        if isinstance(error, AppProxyError | CannotListenError | OSError):
            self.log.critical("{program} {what}: {reason}", program=self.name, what=what, reason=reason_of(error))
        else:
            self.log.failure("{program} {what}", failure, program=self.name, what=what)
        # twistd knows no exit code of ours, so it is set at the very end.
        atexit.register(_exit_with_failure)
        self._reactor.stop()

    def stopService(self) -> Deferred[None]:
        """Called by twistd at its end; it waits for the drain."""
        super().stopService()
        if not self.is_succeeded:
            notify(self._environment, STOPPING)
        return _run(self._end()) if self._begun else succeed(None)

    async def _end(self) -> None:
        await self.end()
        if not self._failed:
            self.log.info("{program} stopped", program=self.name)


def reason_of(error: BaseException) -> str:
    """An expected error in one line."""
    if isinstance(error, CannotListenError):
        why = getattr(error.socketError, "strerror", None) or error.socketError
        where = f"{error.interface or 'any address'} port {error.port}"
        return f"{where}: {why}; stop what listens there, or change the address in the settings"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _run(coroutine: Coroutine[Deferred[Any], Any, None]) -> Deferred[None]:
    return Deferred.fromCoroutine(coroutine)


def _exit_with_failure() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
