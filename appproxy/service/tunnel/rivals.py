"""Two processes with one connector's certificate: which of them is there, and which only seems to be.

A process that drains has said so, and the next one is welcome beside it. One that still takes requests keeps its place if
it answers a PING; a machine that was lost, or a network that silently drops packets, leaves connections that look as alive as
any for the length of a heartbeat, and its connector must not be kept out by them when it comes back.

Workers of one connector are no rivals: their HELLOs name the same start of the same parent, which nobody else knows.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.tunnel.messages import Hello

#: Seconds in which a process that is there answers. Ten times the way around the earth.
ANSWER_SECONDS = 1.5

#: Who was asked did (True) or did not answer, or takes no requests any more; a connection waits with this HELLO.
Found = Callable[[SignalLink, Hello, bool], None]


def rivals_of(roster: Roster, connector_id: str, hello: Hello) -> list[Peer]:
    """Other processes of this connector that take requests, and were not started by the parent of the one that says HELLO."""
    return [one for one in roster.workers(connector_id)
            if one.instance != hello.instance and one.online and not _is_sibling(one, hello)]


def is_beside(before: Peer, hello: Hello) -> bool:
    """Does this process stay when the one of the HELLO comes? Workers do, but for one that has ended and was started again."""
    return _is_sibling(before, hello) and (bool(before.links) or before.worker != hello.worker)


def _is_sibling(one: Peer, hello: Hello) -> bool:
    return bool(hello.parent) and one.parent == hello.parent


class UsedByWorkers:
    """The request ids that any process of a connector has: workers share one row of them (`RequestIds.allocate`)."""

    __slots__ = ("_id", "_roster")

    def __init__(self, roster: Roster, connector_id: str) -> None:
        self._roster = roster
        self._id = connector_id

    def __contains__(self, request_id: object) -> bool:
        return any(request_id in one.in_flight for one in self._roster.of(self._id))


class Rivals:
    """Connections that wait until it is known whether their connector's other process lives."""

    def __init__(self, clock: IReactorTime, found: Found) -> None:
        self._clock = clock
        self._found = found
        self._waiting: dict[SignalLink, tuple[Hello, IDelayedCall]] = {}

    def wait(self, link: SignalLink, hello: Hello, links: Callable[[], list[SignalLink]]) -> None:
        """Let `link` wait until one of `links`, of the other process, has answered, or none of them has in time."""
        if not any(other.connector_id == link.connector_id for other in self._waiting):
            # One round at a time: whoever takes PINGs bounds them.
            for one in links():
                one.write(one.session.ping())
        later = self._clock.callLater(ANSWER_SECONDS, self._decide, link, links)
        self._waiting[link] = hello, later

    def drained(self, connector_id: str) -> None:
        """The other process takes no requests any more: nobody has to wait for its answer."""
        for link in [one for one in self._waiting if one.connector_id == connector_id]:
            hello, later = self._waiting.pop(link)
            later.cancel()
            self._found(link, hello, False)

    def gone(self, link: SignalLink) -> None:
        """It waits no more."""
        waiting = self._waiting.pop(link, None)
        if waiting is not None and waiting[1].active():
            waiting[1].cancel()

    def stop(self) -> None:
        """Forget all."""
        for link in list(self._waiting):
            self.gone(link)

    def _decide(self, link: SignalLink, links: Callable[[], list[SignalLink]]) -> None:
        hello, _ = self._waiting.pop(link)
        self._found(link, hello, any(one.session.is_answered for one in links()))
