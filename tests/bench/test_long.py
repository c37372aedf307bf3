"""Streams whose every byte is checked."""

from __future__ import annotations

import hashlib

from appproxy.demo.streams import BLOCK, MIB
from bench.long import expected


def test_the_hash_is_of_the_blocks_that_the_sample_application_sends() -> None:
    """Over and over, up to the whole number of MiB."""
    assert expected(3) == hashlib.sha256((BLOCK * (3 * MIB // len(BLOCK)))[: 3 * MIB]).hexdigest()
