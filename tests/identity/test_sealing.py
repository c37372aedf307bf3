"""Sealed texts: opened only unchanged, in time, and for what they were sealed for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import associated, decode, encode, seal, seal_bytes, unseal, unseal_bytes
from tests.cost.machine import cost

NOW = 1_800_000_000.0
NONCE = bytes(range(12))


@dataclass(frozen=True)
class Key:
    """A sealing key."""

    id: int
    secret: bytes


NEW, OLD = Key(2, b"n" * 32), Key(1, b"o" * 32)
TEXT = seal("start", {"a": 1}, NEW, NOW + 60, NONCE, ("host",))


@given(st.binary(min_size=1, max_size=200))
def test_base64url_comes_back(data: bytes) -> None:
    """Every byte string survives the way through a cookie."""
    assert decode(encode(data)) == data


@pytest.mark.parametrize(
    "text", [b"", b"A", b"QQ==", b"QQ=", b"QR", b"Q Q", b"Q+Q", b"Q/Q", b"QQ\n", b"\xc3\xa9QQ", b"Q" * 8196]
)
def test_other_spellings_are_refused(text: bytes) -> None:
    """Padding, foreign signs, left-over bits and endless texts are not decoded."""
    with pytest.raises(ValueError, match="base64url"):
        decode(text)


def test_a_sealed_text_opens() -> None:
    """What was sealed comes back."""
    assert unseal("start", TEXT, [NEW], NOW, ("host",)) == {"a": 1}


def test_old_keys_open_only() -> None:
    """After a key change, texts under the old key are still good."""
    old = seal("start", {"a": 1}, OLD, NOW + 60, NONCE)
    assert unseal("start", old, [NEW, OLD], NOW) == {"a": 1}
    with pytest.raises(IdentityError):
        unseal("start", old, [NEW], NOW)


@pytest.mark.parametrize(
    ("purpose", "bound", "now"),
    [
        ("finish", ("host",), NOW),
        ("start", ("other",), NOW),
        ("start", (), NOW),
        ("start", ("host", ""), NOW),
        ("start", ("ho", "st"), NOW),
        ("start", ("host",), NOW + 60),
    ],
)
def test_for_another_use_or_too_late(purpose: str, bound: tuple[str, ...], now: float) -> None:
    """A text sealed for one step, application or host opens for no other, nor after its time."""
    with pytest.raises(IdentityError) as caught:
        unseal(purpose, TEXT, [NEW], now, bound)
    assert caught.value.code is Code.SIGN_IN_STATE


def test_bindings_cannot_be_shifted() -> None:
    """`ab` + `c` is not `a` + `bc`."""
    assert associated("p", ("ab", "c")) != associated("p", ("a", "bc")) != associated("pa", ("bc",))


@settings(max_examples=300)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
def test_no_byte_can_be_changed(place: int, value: int) -> None:
    """Any other byte at any place: refused as not ours, and nothing else happens."""
    if TEXT[place] == value:
        return
    changed = TEXT[:place] + bytes([value]) + TEXT[place + 1 :]
    with pytest.raises(IdentityError):
        unseal("start", changed, [NEW], NOW, ("host",))


@settings(max_examples=200)
@given(st.binary(max_size=100))
def test_garbage_is_survived(data: bytes) -> None:
    """Whatever somebody sends in place of a sealed text is refused."""
    for text in (data, encode(data), encode(b"\x01\x02" + data)):
        with pytest.raises(IdentityError):
            unseal_bytes("start", text, [NEW])


def test_the_same_layout_as_promised() -> None:
    """Version, key id and nonce stand in front, so that another layout can be told apart."""
    assert decode(seal_bytes("p", b"x", NEW, NONCE))[:14] == b"\x01\x02" + NONCE


def test_endless_expiry_and_short_nonces_are_refused() -> None:
    """Neither can be sealed by mistake."""
    with pytest.raises(ValueError, match="finite"):
        seal("p", {}, NEW, float("inf"), NONCE)
    with pytest.raises(ValueError, match="12 bytes"):
        seal_bytes("p", b"", NEW, b"short")


def test_a_huge_text_costs_nothing() -> None:
    """10 MB in place of a sealed text are refused by their length."""
    huge = b"A" * 10_000_000

    def refused() -> None:
        with pytest.raises(IdentityError):
            unseal_bytes("start", huge, [NEW])

    assert cost(refused, 0.001) <= 0.001
