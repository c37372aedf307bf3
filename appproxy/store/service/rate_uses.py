"""What nodes tell each other of the requests that they have let pass, so that one limit holds at all nodes.

A node writes a row each second while there is something to tell, and keeps each for some seconds, also when nothing follows:
of somebody who has used up a whole limit in one second there is nothing more to tell in the next one, and others may read
late. Who reads more seldom than rows are kept misses some, which costs exactness and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from appproxy.store.tables.nodes import nodes, rate_uses
from appproxy.store.transaction import Reading, Transaction

#: Beats for which each row is kept: one is a second.
KEPT = 4
#: The parts of a bucket's key, and for how many seconds it is fuller of use.
Uses = Mapping[tuple[str, ...], float]
#: By node: the newest beat that was read.
Beats = dict[str, int]


def tell(tx: Transaction, node: str, beat: int, uses: Uses) -> None:
    """This node has let these pass since its last beat, perhaps none. Old rows go; the first beat removes those of nobody."""
    if beat == 1:
        tx.change(sa.delete(rate_uses).where(rate_uses.c.node.not_in(sa.select(nodes.c.id))))
    tx.change(sa.delete(rate_uses).where(rate_uses.c.node == node, rate_uses.c.beat <= beat - KEPT))
    if uses:
        lines = [[*key, round(seconds, 6)] for key, seconds in uses.items()]
        tx.change(sa.insert(rate_uses).values(node=node, beat=beat, uses=json.dumps(lines, separators=(",", ":"))))


def of_others(reading: Reading, node: str, known: Beats) -> tuple[dict[tuple[str, ...], float], Beats]:
    """What other nodes have told beyond the `known` beats, added up, and which beats are known from now on."""
    sums: dict[tuple[str, ...], float] = {}
    beats: Beats = {}
    for row in reading.rows(sa.select(rate_uses).where(rate_uses.c.node != node)):
        other, beat = row["node"], row["beat"]
        beats[other] = max(beats.get(other, 0), beat)
        if beat > known.get(other, 0):
            for *key, seconds in json.loads(row["uses"]):
                sums[tuple(key)] = sums.get(tuple(key), 0.0) + seconds
    return sums, beats
