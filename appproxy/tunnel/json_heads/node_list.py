"""NODES: which nodes the service has, and where a connector dials each; a JSON object, bounded in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appproxy.tunnel.json_heads.json_head import JsonHead, write_json
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: As many nodes as connectors keep connections to.
MOST_NODES = 64


@dataclass(frozen=True, slots=True)
class NodePlace:
    """One node: its id, and where to dial it. An empty host and port 0: where the service is dialled."""

    node: str
    host: str
    port: int


def encode_nodes(places: Sequence[NodePlace]) -> bytes:
    """The head of NODES; of more than `MOST_NODES`, the first. Raises LocalProtocolError."""
    listed = [{"node": one.node, "host": one.host, "port": one.port} for one in places[:MOST_NODES]]
    return write_json({"nodes": listed}, _places_from, DEFAULT_LIMITS.nodes)


def decode_nodes(head: bytes) -> tuple[NodePlace, ...]:
    """Read the head of NODES. Raises RemoteProtocolError."""
    return _places_from(JsonHead(head, DEFAULT_LIMITS.nodes))


def _places_from(read: JsonHead) -> tuple[NodePlace, ...]:
    return tuple(
        NodePlace(one.text("node", 64), one.text("host", 255), one.integer("port", 0, 65535))
        for one in read.objects("nodes", MOST_NODES)
    )
