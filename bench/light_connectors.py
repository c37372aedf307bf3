"""python -m bench.light_connectors DIRECTORY NODES FIRST COUNT: so many connectors in one process, each with its directory.

They are `ConnectorNode`s as any other; what they share is the interpreter. A line of JSON tells each quarter of a second how
many signal connections and idle data connections are up, and when all of them were, by the machine's monotonic clock.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from appproxy.config.connector import load_connector
from appproxy.config.state import ConnectorPaths
from appproxy.connector.node import ConnectorNode
from appproxy.connector.process import ProcessStart
from appproxy.net.loop.reactor import install
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: Seconds between two lines.
_EVERY = 0.25
LEAST_AT_A_NODE = DEFAULT_LIMITS.signal_connections, DEFAULT_LIMITS.pool_least


def name_of(number: int) -> str:
    """The state directory of a connector."""
    return f"light-{number}"


def links(node: ConnectorNode) -> tuple[int, int]:
    """Signal connections that are up, and idle data connections."""
    uplinks = node.uplinks.nodes.values()
    return (sum(slot.current is not None for uplink in uplinks for slot in uplink.slots),
            sum(uplink.pool.idle for uplink in uplinks))


class Light:
    """All connectors of this process."""

    def __init__(self, reactor: Any, directory: Path, nodes: int, first: int, count: int) -> None:
        self._reactor = reactor
        self._least = [nodes * each for each in LEAST_AT_A_NODE]
        self._all = [self._made(directory / name_of(number)) for number in range(first, first + count)]
        self._whole_at: float | None = None

    def _made(self, state: Path) -> ConnectorNode:
        settings = load_connector(ConnectorPaths(state).settings.read_text(), "connector.toml")
        return ConnectorNode(settings, state, self._reactor, ProcessStart({}))

    def start(self) -> None:
        """Dial, all at once."""
        for one in self._all:
            one.startService()
        self._look()

    def _look(self) -> None:
        found = [links(one) for one in self._all]
        whole = sum(all(have >= least for have, least in zip(one, self._least, strict=True)) for one in found)
        if whole == len(self._all) and self._whole_at is None:
            self._whole_at = monotonic()
        print(json.dumps({"signals": sum(one for one, _ in found), "data": sum(one for _, one in found), "whole": whole,
                          "whole_at": self._whole_at}), flush=True)
        self._reactor.callLater(_EVERY, self._look)


def main() -> None:
    """Run until the process is ended."""
    install()
    from twisted.internet import reactor  # noqa: TID251 -- this is a program
    directory, nodes, first, count = sys.argv[1:]
    running: Any = reactor
    running.callWhenRunning(Light(running, Path(directory), int(nodes), int(first), int(count)).start)
    running.run()


if __name__ == "__main__":
    main()
