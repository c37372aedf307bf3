"""A fleet of 10,000 connectors and 64 nodes, on paper: storms, sizes and rates.

    python -m bench.simulation [--connectors 10000] [--nodes 64] [--seed 1] [--handshake-ms 1.5]

Storms are those of `bench.storm`: the connector's own decisions, at one node of the fleet. Nodes do not know of each other in
a storm, so that each has the same. Sizes are those of the encoders, rates follow from the code's own periods. What a handshake
costs a node is measured by `python -m bench.links`.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from appproxy.publish.application import Application
from appproxy.publish.url import Url
from appproxy.service.node import _SEEN_EVERY
from appproxy.service.own.connector_view import ConnectorView
from appproxy.store.service.nodes import BEAT
from appproxy.tunnel.frames import HEADER
from appproxy.tunnel.json_heads.handshake import Hello, Welcome, encode_hello, encode_welcome
from appproxy.tunnel.json_heads.node_list import NodePlace, encode_nodes
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import INLINE_BODY
from bench.storm import Costs, Storm, storm

#: Nodes that a connector would keep connections to if it did not keep them to all: enough to lose some of them.
SUBSET = 8
#: Signal connections and idle data connections of a connector at a node.
LINKS = DEFAULT_LIMITS.signal_connections + DEFAULT_LIMITS.pool_least
_APPLICATIONS = (10, 1000, 5000)


@dataclass(frozen=True, slots=True)
class Case:
    """A storm at one node: so many connectors, which lose it for so many seconds, or are `started` in one moment."""

    name: str
    connectors: int
    away: float
    started: bool = False


def cases(connectors: int, nodes: int) -> list[Case]:
    """Those of the table."""
    few = connectors * min(SUBSET, nodes) // nodes
    return [
        Case("the network blinks", connectors, 0.2), Case("the node is started again", connectors, 5.0),
        Case("the node is away for a minute", connectors, 60.0),
        Case("all are started at once", connectors, 0.0, started=True),
        Case(f"the node is started again, connectors keep {SUBSET} of {nodes}", few, 5.0),
    ]


def run(case: Case, costs: Costs, seed: int) -> Storm:
    """One of them."""
    gc.disable()  # a million small objects that all live to the end
    return storm(case.connectors, case.away, costs=costs, seed=seed, started=case.started)


def row(case: Case, found: Storm) -> str:
    """Of the table."""
    times = ("never" if each is None else f"{each:.1f} s" for each in (found.half_up, found.signals_up, found.all_up))
    return (f"| {case.name} | {case.connectors:,} | {' | '.join(times)} | {found.busiest:,} | "
            f"{found.longest_turn * 1000:.0f} ms | {found.dials / case.connectors:.1f} |")


HEAD = """\
| what happens | connectors | half of them back | all signal connections | all connections | most handshakes in a second | \
longest turn | dials of a connector |
|---|---|---|---|---|---|---|---|"""


def places(nodes: int) -> tuple[NodePlace, ...]:
    """As connectors are told of them."""
    return tuple(NodePlace(f"{number:016x}", f"node-{number:02}.connect.example.com", 8443) for number in range(nodes))


def applications(count: int) -> dict[str, Application]:
    """With names and URLs of usual lengths."""
    found = (Application(f"{number:016x}", f"application {number}", Url.parse(f"https://app{number}.example.com"),
                         Url.parse(f"http://app{number}.corp.example.com:8080")) for number in range(count))
    return {one.id: one for one in found}


def sizes(connectors: int, nodes: int) -> Iterator[str]:
    """What is sent, in bytes."""
    listed = HEADER.size + len(encode_nodes(places(nodes)))
    hello = Hello(versions=(1,), instance=bytes(16), slot=0, generation=1, capabilities=(INLINE_BODY,),
                  most_in_flight=DEFAULT_LIMITS.in_flight, open=(), ended=(), version="1.0.0", node="0" * 16)
    welcome = Welcome(node="0" * 16, epoch=bytes(8), host="node-00.connect.example.com", port=8443,
                      heartbeat=DEFAULT_LIMITS.ping_after, configuration=1, renew_after=30, limits={"inline": 49152})
    signals = connectors * DEFAULT_LIMITS.signal_connections
    yield f"HELLO {HEADER.size + len(encode_hello(hello))} bytes, WELCOME {HEADER.size + len(encode_welcome(welcome))}"
    yield (f"NODES of {nodes} nodes {listed:,} bytes: {listed * signals / 1e6:.0f} MB a node for each change of the list, "
           "once a second at most")
    for count in _APPLICATIONS:
        told = len(ConnectorView().applications(applications(count), "default").text)
        yield f"configuration of {count:,} applications {told:,} bytes: {told * connectors / 1e6:,.0f} MB for all connectors"


def rates(connectors: int, nodes: int, kept: int) -> Iterator[str]:
    """What goes on when nothing happens, with connectors that keep connections to `kept` of the nodes."""
    here = connectors * kept / nodes
    links = here * LINKS
    yield f"connections of a connector {kept * LINKS:,}, of a node {links:,.0f}"
    pings = here * DEFAULT_LIMITS.signal_connections / DEFAULT_LIMITS.ping_after
    closes = here * DEFAULT_LIMITS.pool_least / ((DEFAULT_LIMITS.kept_least + DEFAULT_LIMITS.kept_most) / 2)
    yield f"PING at a node {pings:,.0f} a second; idle data connections that are replaced {closes:,.0f} a second"
    yield (f"at the database: signs of life of nodes {nodes / BEAT:.1f} transactions a second; of connectors "
           f"{here * nodes / _SEEN_EVERY:,.0f} rows a second in {nodes / _SEEN_EVERY:.1f} transactions")
    yield f"NOTIFY: one for each change, {nodes} where all nodes are started again one after the other; else none"


def main(argv: Sequence[str] | None = None) -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connectors", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--handshake-ms", type=float, default=1.5, help="of a node's core, with what follows it")
    given = parser.parse_args(argv)
    whole = given.handshake_ms / 1000
    costs = Costs(first=whole * 8 / 15, last=whole * 7 / 15)
    print(HEAD)
    with ProcessPoolExecutor(2) as pool:
        waiting = [(case, pool.submit(run, case, costs, given.seed)) for case in cases(given.connectors, given.nodes)]
        for case, found in waiting:
            print(row(case, found.result()), flush=True)
    print()
    for line in sizes(given.connectors, given.nodes):
        print(f"- {line}")
    for kept in dict.fromkeys((given.nodes, min(SUBSET, given.nodes))):
        print(f"\nconnectors keep connections to {kept} of {given.nodes} nodes:")
        for line in rates(given.connectors, given.nodes, kept):
            print(f"- {line}")


if __name__ == "__main__":
    main()
