"""The simulation of a large fleet: its table, and what it says of sizes and rates."""

from __future__ import annotations

import re

import pytest

from appproxy.tunnel.frames import HEADER
from appproxy.tunnel.json_heads.node_list import decode_nodes, encode_nodes
from bench.simulation import cases, main, places, rates, sizes


def test_sizes_are_those_of_the_encoders() -> None:
    """Sixty-four nodes fit into one frame."""
    assert len(decode_nodes(encode_nodes(places(64)))) == 64
    lines = list(sizes(10_000, 64))
    assert f"NODES of 64 nodes {HEADER.size + len(encode_nodes(places(64))):,} bytes" in lines[1]
    assert "configuration of 5,000 applications" in lines[-1]


def test_rates_follow_from_the_periods() -> None:
    """With a connection to each node, and with a few of them."""
    whole, few = list(rates(10_000, 64, 64)), list(rates(10_000, 64, 8))
    assert whole[0] == "connections of a connector 256, of a node 40,000"
    assert few[0] == "connections of a connector 32, of a node 5,000"
    assert whole[1].startswith("PING at a node 1,333 a second; idle data connections that are replaced 22 a second")


def test_the_command_prints_a_row_for_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    """With few connectors."""
    main(["--connectors", "16", "--nodes", "4"])
    text = capsys.readouterr().out
    for case in cases(16, 4):
        assert re.search(rf"^\| {re.escape(case.name)} \| {case.connectors} \| [\d.]+ s \|", text, re.M), case.name
