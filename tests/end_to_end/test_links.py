"""Many connectors at two nodes over PostgreSQL: all links come up by themselves, and none costs much."""

from __future__ import annotations

from pathlib import Path

from bench.light_connectors import LEAST_AT_A_NODE
from bench.links import MOST_KIB, run
from tests.end_to_end.postgresql import empty_database

CONNECTORS, NODES = 40, 2


def test_all_links_are_up(tmp_path: Path) -> None:
    """Nodes and connectors are started together; each connector was told of the first node alone, and finds the other."""
    with empty_database() as database:
        found = run(tmp_path, database, CONNECTORS, NODES, 2, lambda text: None)
    assert found.links == CONNECTORS * NODES * sum(LEAST_AT_A_NODE)
    assert max(found.kib) <= MOST_KIB
