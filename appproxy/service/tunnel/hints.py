"""Which connectors are told that their configuration has changed, and when.

Each reads it then, over a connection of its own, which costs the node a handshake. So those are told whom it concerns, some at
once, and the others one after the other: a change is live at two hundred connectors of a group within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from appproxy.policy.paced import Paced, Timers
from appproxy.publish.incremental_index import difference
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.store.snapshot import Snapshot
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.messages import encode_configuration

#: Connectors that are told at once, and seconds until as many more are: 250 handshakes a second are a third of a core.
AT_ONCE, EVERY = 25, 0.1


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom a change concerns: all connectors, those of groups, or some alone, by id."""

    everybody: bool = False
    groups: frozenset[str] = frozenset()
    connectors: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everybody or bool(self.groups or self.connectors)

    def has(self, connector: str, group: str) -> bool:
        """Does it concern this connector?"""
        return self.everybody or group in self.groups or connector in self.connectors


def concerned(old: Snapshot | None, new: Snapshot) -> Concerned:
    """Whose configuration is another than before."""
    if old is None or old.trust_bundle != new.trust_bundle:
        return Concerned(everybody=True)
    gone, there = difference(old.applications, new.applications) if old.applications is not new.applications else ((), ())
    changed = () if old.connectors is new.connectors else (
        id_ for id_, one in new.connectors.items() if _standing(old, id_) != (one.group, one.state, one.name))
    return Concerned(groups=frozenset(one.connector_group for one in (*gone, *there)), connectors=frozenset(changed))


def _standing(snapshot: Snapshot, id_: str) -> tuple[object, ...] | None:
    """What the configuration says of a connector; its certificate is not in it."""
    one = snapshot.connectors.get(id_)
    return None if one is None else (one.group, one.state, one.name)


class ConfigurationHints:
    """Made once for a listener. `links`: its signal connections; `version`: of the configuration now; `pace`: seconds between
    two hints on one of them.
    """

    def __init__(
        self, clock: Timers, links: Callable[[], Iterable[SignalLink]], version: Callable[[], int], pace: float
    ) -> None:
        self._clock = clock
        self._links = links
        self._version = version
        self._rounds = Paced(clock, pace, self._round)
        self._changes: list[Concerned] = []
        #: Connectors that are still to be told, in an order that is the same at all nodes: each reads once.
        self._waiting: list[str] = []
        self._later: Any = None

    def changed(self, whom: Concerned) -> None:
        """The configuration is another for them."""
        if whom:
            self._changes.append(whom)
            self._rounds.ask(at_once=True)

    def stop(self) -> None:
        """Tell nobody any more."""
        self._rounds.stop()
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _round(self) -> None:
        changes, self._changes = self._changes, []
        found = {link.peer.id for link in self._links() if link.peer is not None
                 and any(one.has(link.peer.id, link.peer.group) for one in changes)}
        self._waiting = [*self._waiting, *sorted(found.difference(self._waiting))]
        if self._later is None:
            self._tell()

    def _tell(self) -> None:
        """The next of those who wait."""
        now, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        self._later = self._clock.callLater(EVERY, self._tell) if self._waiting else None
        ids = frozenset(now)
        frame = encode(Kind.CONFIG, 0, encode_configuration(self._version()))
        for link in list(self._links()):
            if link.peer is not None and link.peer.id in ids:
                link.write(frame)
