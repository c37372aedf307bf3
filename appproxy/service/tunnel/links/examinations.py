"""Asking a connector to run its half of the doctor: EXAMINE goes out, FINDINGS come back.

There is nothing to be said with the question, so that nobody can make a connector look anywhere but at what it has anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from appproxy.errors import ConfigError
from appproxy.service.relay.connectors.peer import Peer, SignalChannel
from appproxy.service.relay.connectors.roster import Roster
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.json_heads.findings import Findings

#: Seconds for the answer: the doctor ends by itself, or is ended, after 60.
PATIENCE = 75.0
_DOCTOR = "on its machine: appproxy doctor --state DIR"


@dataclass(slots=True)
class _Question:
    """What a connector was asked: on which signal connection, since the answer comes there or not at all, and by whom."""

    link: SignalChannel
    late: IDelayedCall
    heard: list[Deferred[Findings]] = field(default_factory=list)


class Examinations:
    """Of one node. Who asks while a connector is being asked hears the same."""

    def __init__(self, clock: IReactorTime, roster: Roster) -> None:
        self._clock = clock
        self._roster = roster
        self._asked: dict[str, _Question] = {}

    def ask(self, connector_id: str) -> Deferred[Findings]:
        """Fires with what it has found. Raises ConfigError where it cannot be asked; fails with that where no answer comes, or
        the connector leaves.
        """
        question = self._asked.get(connector_id)
        if question is None:
            link = self._ask(connector_id)
            late = self._clock.callLater(PATIENCE, self._fail, connector_id, f"did not answer within {PATIENCE:g} s", _DOCTOR)
            question = self._asked[connector_id] = _Question(link, late)
        heard: Deferred[Findings] = Deferred()
        question.heard.append(heard)
        return heard

    def answered(self, connector_id: str, findings: Findings) -> None:
        """A connector has answered; what nobody has asked for is passed over."""
        self._over(connector_id, lambda heard: heard.callback(findings))

    def gone(self, connector_id: str, link: SignalChannel) -> None:
        """A signal connection has gone. What was asked there is asked again on another, where there is one: a connector that
        is asked twice runs its doctor once.
        """
        question = self._asked.get(connector_id)
        if question is None or question.link is not link:
            return
        try:
            question.link = self._ask(connector_id)
        except ConfigError:
            self._fail(connector_id, "has left before it answered", f"wait until it is back, or {_DOCTOR}, which says why")

    def _ask(self, connector_id: str) -> SignalChannel:
        """Raises ConfigError."""
        link = self._peer(connector_id).link()
        if link is None:
            raise ConfigError(f"connector {connector_id} is busy, or being stopped", hint=_DOCTOR)
        link.write(encode(Kind.EXAMINE))
        return link

    def _fail(self, connector_id: str, why: str, hint: str) -> None:
        self._over(connector_id, lambda heard: heard.errback(ConfigError(f"connector {connector_id} {why}", hint=hint)))

    def _over(self, connector_id: str, tell: Callable[[Deferred[Findings]], None]) -> None:
        question = self._asked.pop(connector_id, None)
        if question is None:
            return
        if question.late.active():
            question.late.cancel()
        for heard in question.heard:
            if not heard.called:  # who has left meanwhile
                tell(heard)

    def _peer(self, connector_id: str) -> Peer:
        """One of its processes that may be asked. Raises ConfigError."""
        there = [one for one in self._roster.workers(connector_id) if one.online]
        if not there:
            raise ConfigError(f"connector {connector_id} is not connected to this node",
                              hint=f"{_DOCTOR}, which says why")
        able = [one for one in there if one.examines]
        if not able:
            raise ConfigError(f"connector {connector_id} has version {there[0].version}, which cannot be asked: not supported",
                              hint=f"upgrade it, or {_DOCTOR}")
        return able[0]
