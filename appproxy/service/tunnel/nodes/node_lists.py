"""The list of nodes that live, as connectors are sent it: when they come, and when it has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from twisted.internet.interfaces import IReactorTime

from appproxy.policy.paced import Paced
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.json_heads.node_list import NodePlace, encode_nodes

#: Seconds between two lists to a connector, of which each node may be dialled.
NODES_EVERY = 1.0


class NodeLists:
    """Of one listener. `links`: its signal connections; `nodes` gives those that live, none where nodes are not announced."""

    def __init__(self, clock: IReactorTime, links: Iterable[SignalLink], nodes: Callable[[], Sequence[NodePlace]]) -> None:
        self._links = links
        self._nodes = nodes
        self._pace = Paced(clock, NODES_EVERY, self._send)

    def changed(self) -> None:
        """Send it to all connectors: at once the first time, and together with what follows right after that."""
        self._pace.ask(at_once=True)

    def place_of(self, node: str) -> NodePlace:
        """Where connectors reach this node; without host and port where nodes are not announced."""
        return next((one for one in self._nodes() if one.node == node), NodePlace(node, "", 0))

    def frame(self) -> bytes:
        """The frame with the list; b"" where there is none."""
        places = self._nodes()
        return encode(Kind.NODES, 0, encode_nodes(places)) if places else b""

    def stop(self) -> None:
        """Nothing is sent any more."""
        self._pace.stop()

    def _send(self) -> None:
        frame = self.frame()
        for link in self._links:
            if link.peer is not None:
                link.write(frame)
