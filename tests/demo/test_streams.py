"""What is streamed is made up on the way, and is as long as it was announced."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import pytest

from appproxy.demo.streams import BLOCK, MIB, BlocksResource


class Sink:
    """A request that takes what it gets."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.events: list[str] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def unregisterProducer(self) -> None:
        self.events.append("unregistered")

    def finish(self) -> None:
        self.events.append("finished")


@pytest.mark.parametrize("size", [1, len(BLOCK), len(BLOCK) + 1, MIB])
def test_a_download_has_its_size(size: int) -> None:
    """A piece each time that there is room, then the end."""
    sink = Sink()
    blocks = BlocksResource(cast("Any", sink), size)
    while not sink.events:
        blocks.resumeProducing()
    assert sum(map(len, sink.pieces)) == size
    assert max(map(len, sink.pieces)) <= len(BLOCK)
    assert sink.events == ["unregistered", "finished"]


def test_the_bytes_are_always_the_same() -> None:
    """So their SHA-256 can be told beforehand; and no hop can profit from compressing them."""
    assert len(BLOCK) == 65536
    assert hashlib.sha256(BLOCK).hexdigest() == "b9309a4e3616e7589d3df18ee90be35d470309aadb0e396adadf6515e9772ca2"
    assert len(set(BLOCK[start : start + 32] for start in range(0, len(BLOCK), 32))) == 2048
