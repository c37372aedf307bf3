"""One process of a service after the other on the same sockets: what a node does at either end of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IListeningPort

from appproxy.service.listen.listeners import Listeners
from appproxy.service.tunnel.former import FormerProcesses
from appproxy.service.tunnel.listener import TunnelListener


class Succession:
    """`directory`: where both find each other. `succeeds`: is this process a successor itself?"""

    def __init__(self, directory: Path, reactor: Any, listeners: Listeners, end_point: TunnelListener, succeeds: bool) -> None:
        self._former = FormerProcesses(directory, reactor)
        self._listeners = listeners
        self._end_point = end_point
        self.succeeds = succeeds
        self._passed_on: IListeningPort | None = None
        #: Another process goes on in this one's place.
        self.is_succeeded = False
        #: Other workers do.
        self.is_replaced = False

    @property
    def goes_on(self) -> bool:
        """Is the service still there when this process is not?"""
        return self.is_succeeded or self.is_replaced

    def begin(self) -> None:
        """Before anything listens: know the processes that drain, or clear away what killed ones have left."""
        if self.succeeds:
            self._end_point.former = self._former
        else:
            self._former.clear()

    def hand_over(self) -> dict[str, int]:
        """The listening sockets, for a successor; `leave` follows, unless that does not start.

        From now on it may accept what was dialled for this one. Raises CannotListenError.
        """
        if self._passed_on is None:
            self._passed_on = self._former.listen(self._end_point)
        return self._listeners.descriptors()

    def leave(self) -> None:
        """The successor listens: accept nothing more. What is under way is drained beside it."""
        self.is_succeeded = True
        self._listeners.leave()
        self._end_point.make_way()

    async def close(self) -> None:
        """Nothing is under way any more."""
        closing = None if self._passed_on is None else self._passed_on.stopListening()
        if closing is not None:
            await closing
