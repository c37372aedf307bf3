"""Sealing at rest: what is sealed opens only for the same purpose, row and master."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import StoreError
from appproxy.store.sealing import Sealer

MASTER = bytes(range(32))
texts = st.text(max_size=12)


@settings(max_examples=60)
@given(texts, texts, st.binary(max_size=80))
def test_what_is_sealed_opens(purpose: str, row: str, plain: bytes) -> None:
    """Any purpose, any row, any bytes."""
    sealer = Sealer(MASTER)
    sealed = sealer.seal(purpose, row, plain)
    assert Sealer(MASTER).open(purpose, row, sealed) == plain
    assert plain not in sealed or len(plain) < 4


@settings(max_examples=60)
@given(texts, texts, texts, texts)
def test_it_opens_nowhere_else(purpose: str, row: str, other_purpose: str, other_row: str) -> None:
    """A value that is moved to another column or row is refused."""
    sealer = Sealer(MASTER)
    sealed = sealer.seal(purpose, row, b"secret")
    if (purpose, row) != (other_purpose, other_row):
        with pytest.raises(StoreError, match="was changed"):
            sealer.open(other_purpose, other_row, sealed)


@settings(max_examples=60)
@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    """Each flipped bit is noticed, in the head as in the text."""
    sealer = Sealer(MASTER)
    sealed = bytearray(sealer.seal("purpose", "row", b"secret"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StoreError):
        sealer.open("purpose", "row", bytes(sealed))


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_rubbish_is_refused(sealed: bytes) -> None:
    """Bytes that were never sealed end in an error that says what to do."""
    with pytest.raises(StoreError):
        Sealer(MASTER).open("purpose", "row", sealed)


def test_another_master_is_named() -> None:
    """The admin learns which source holds the wrong key."""
    sealed = Sealer(MASTER).seal("purpose", "row", b"secret")
    with pytest.raises(StoreError, match="/etc/other.key is not the master key of this database"):
        Sealer(bytes(32), "/etc/other.key").open("purpose", "row", sealed)


def test_a_master_has_32_bytes() -> None:
    """A short key is refused at once."""
    with pytest.raises(StoreError, match="32 bytes, this one 31"):
        Sealer(bytes(31))


def test_the_layout_stays() -> None:
    """A value sealed by the first version opens for ever."""
    sealed = Sealer(MASTER, random_bytes=lambda count: bytes(count)).seal("leaf key", "0123456789abcdef", b"secret")
    text = "898e7e4389f3c2b25d1ee43f73bd3fe47db449af8fa7"
    assert sealed.hex() == "7331" + "cb4b954c" + 12 * "00" + text


def test_the_master_is_not_shown() -> None:
    """A sealer can be printed and logged."""
    assert MASTER.hex() not in repr(Sealer(MASTER)) and repr(MASTER) not in repr(Sealer(MASTER))
