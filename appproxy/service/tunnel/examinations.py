"""Asking a connector to run its half of the doctor: EXAMINE goes out, FINDINGS come back.

There is nothing to be said with the question, so that nobody can make a connector look anywhere but at what it has anyway.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from appproxy.errors import ConfigError
from appproxy.service.relay.connectors.roster import Peer, Roster
from appproxy.tunnel.findings import Findings
from appproxy.tunnel.frames import Kind, encode

#: Seconds for the answer: the doctor ends by itself, or is ended, after 60.
PATIENCE = 75.0
_DOCTOR = "on its machine: appproxy doctor --state DIR"


class Examinations:
    """Of one node. Who asks while a connector is being asked hears the same."""

    def __init__(self, clock: IReactorTime, roster: Roster) -> None:
        self._clock = clock
        self._roster = roster
        self._asked: dict[str, Deferred[Findings]] = {}

    def ask(self, connector_id: str) -> Deferred[Findings]:
        """Fires with what it has found. Raises ConfigError where it cannot be asked; fails with that where no answer comes."""
        asked = self._asked.get(connector_id)
        if asked is None:
            peer = self._peer(connector_id)
            link = peer.link()
            if link is None:
                raise ConfigError(f"connector {connector_id} is busy, or being stopped", hint=_DOCTOR)
            asked = self._asked[connector_id] = Deferred()
            asked.addTimeout(PATIENCE, self._clock)
            asked.addBoth(self._over, connector_id)
            link.write(encode(Kind.EXAMINE))
        heard: Deferred[Findings] = Deferred()
        asked.addCallbacks(lambda found: _pass_on(found, heard), lambda failure: heard.errback(ConfigError(
            f"connector {connector_id} did not answer within {PATIENCE:g} s", hint=_DOCTOR)))
        return heard

    def told(self, connector_id: str, findings: Findings) -> None:
        """A connector has answered; what nobody has asked for is passed over."""
        asked = self._asked.get(connector_id)
        if asked is not None and not asked.called:
            asked.callback(findings)

    def _over(self, result: object, connector_id: str) -> object:
        self._asked.pop(connector_id, None)
        return result

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


def _pass_on(found: Findings, heard: Deferred[Findings]) -> Findings:
    heard.callback(found)
    return found
