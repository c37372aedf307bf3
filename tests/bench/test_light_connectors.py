"""What counts as a link of a light connector."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from appproxy.tunnel.limits import DEFAULT_LIMITS
from bench.light_connectors import LEAST_AT_A_NODE, links


def test_links_of_all_nodes_are_counted() -> None:
    """Signal connections that are up, and data connections that wait for work."""
    up, down = SimpleNamespace(current=object()), SimpleNamespace(current=None)
    nodes = {"a": SimpleNamespace(slots=(up, up), pool=SimpleNamespace(idle=2)),
             "b": SimpleNamespace(slots=(up, down), pool=SimpleNamespace(idle=0))}
    assert links(cast(Any, SimpleNamespace(uplinks=SimpleNamespace(nodes=nodes)))) == (3, 2)
    assert (DEFAULT_LIMITS.signal_connections, DEFAULT_LIMITS.pool_least) == LEAST_AT_A_NODE
