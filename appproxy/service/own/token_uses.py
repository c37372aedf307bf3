"""When service tokens were last used: kept for a moment, and written down beside the requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import MachineGate
from appproxy.service.dispatch.gates.provider_tokens import NoTokens, TokenBook
from appproxy.service.dispatch.stages.machine_access import Programs
from appproxy.store.machines.service_tokens import used
from appproxy.store.service.note import Note
from appproxy.store.transaction import Transaction

#: Seconds between two transactions.
_EVERY = 5.0


class UseWriter(Protocol):
    """What is needed of `store.database.live.LiveStore`."""

    def write(
        self, do: Callable[[Transaction, Mapping[str, tuple[float, str]]], None], moments: Mapping[str, tuple[float, str]], /
    ) -> Deferred[None]: ...

    def before_stop(self, callback: Callable[[], object], /) -> None: ...


def programs(
    gate: Gate, live: UseWriter, clock: IReactorTime, note: Note, tokens: TokenBook | None = None,
) -> Programs:
    """What signs programs in at a node; `gate`: of cookies."""
    book = tokens or NoTokens()
    return Programs(
        gate=MachineGate(gate, TokenUses(live, clock).note, book), tokens=book, seconds=clock.seconds, note=note)


class TokenUses:
    """Made once a node. There are no more of them in memory than there are tokens."""

    log = Logger()

    def __init__(self, live: UseWriter, clock: IReactorTime) -> None:
        self._live = live
        self._clock = clock
        self._moments: dict[str, tuple[float, str]] = {}
        self._writing: IDelayedCall | None = None
        live.before_stop(self._finish)

    def note(self, token: str, address: str, now: float) -> None:
        """A token (its id) is used from this address, `now` in seconds since 1970."""
        self._moments[token] = (now, address)
        if self._writing is None:
            self._writing = self._clock.callLater(_EVERY, self._write)

    def _finish(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._write()

    def _write(self) -> None:
        self._writing = None
        moments, self._moments = self._moments, {}
        self._live.write(used, moments).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """Not worth a second try: the next use tells more."""
        self.log.warn("the last uses of service tokens could not be kept: {reason}", reason=failure.getErrorMessage())
