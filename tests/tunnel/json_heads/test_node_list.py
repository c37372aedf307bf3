"""NODES: the list of the service's nodes, bounded, and passed over by who does not know it."""

from __future__ import annotations

import json

import pytest

from appproxy.errors import RemoteProtocolError
from appproxy.tunnel.frames import SIGNAL_LIMITS, FrameReader, Kind, encode
from appproxy.tunnel.json_heads.node_list import MOST_NODES, NodePlace, decode_nodes, encode_nodes
from appproxy.tunnel.limits import DEFAULT_LIMITS

FULL = [NodePlace(f"{number:064}", "x" * 255, 65535) for number in range(MOST_NODES + 1)]


def test_a_list_is_read_as_it_was_written() -> None:
    """Also with more keys than there are today."""
    places = (NodePlace("one", "a.example.com", 8443), NodePlace("two", "", 0))
    assert decode_nodes(encode_nodes(places)) == places
    later = {"nodes": [{"node": "one", "host": "", "port": 0, "zone": "b"}], "more": 1}
    assert decode_nodes(json.dumps(later).encode()) == (NodePlace("one", "", 0),)


def test_the_longest_list_fits() -> None:
    """Of more nodes than connectors look after, the first are told."""
    assert decode_nodes(encode_nodes(FULL)) == tuple(FULL[:MOST_NODES])


@pytest.mark.parametrize("text", [
    "[]", "{}", '{"nodes": {}}', '{"nodes": [{"node": "a", "host": ""}]}',
    '{"nodes": [{"node": "a", "host": "", "port": 65536}]}',
    json.dumps({"nodes": [{"node": "a", "host": "", "port": 0}] * (MOST_NODES + 1)}),
])  # fmt: skip
def test_what_is_no_list(text: str) -> None:
    """It is refused, and names the key."""
    with pytest.raises(RemoteProtocolError):
        decode_nodes(text.encode())


def test_an_older_end_passes_it_over() -> None:
    """Whoever does not know the kind reads what comes before and behind it."""
    older = {kind: most for kind, most in SIGNAL_LIMITS.items() if kind != Kind.NODES}
    data = encode(Kind.DRAIN) + encode(Kind.NODES, 0, encode_nodes(FULL)) + encode(Kind.DRAINED)
    assert DEFAULT_LIMITS.nodes <= DEFAULT_LIMITS.ignored
    assert [frame[0] for frame in FrameReader(older).receive(data)] == [Kind.DRAIN, Kind.DRAINED]
