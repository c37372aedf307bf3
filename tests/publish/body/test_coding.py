"""Compressed answers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.publish.body.coding import CODINGS, GRACE, PIECE, RATIO, WAYS, Coded
from appproxy.publish.body.html import HtmlTranslator
from appproxy.publish.body.tag import Wanted
from appproxy.publish.body.translator import Untouched
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run


def _raw(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


PACK: list[tuple[bytes, Callable[[bytes], bytes]]] = [
    (b"gzip", gzip.compress), (b"x-gzip", gzip.compress), (b"deflate", zlib.compress), (b"deflate", _raw),
    (b"br", brotli.compress), (b"zstd", zstd.compress),
    (b"gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
    (b"zstd", lambda data: bytes(zstd.compress(data[:9]) + zstd.compress(data[9:]))),
    (b"gzip", lambda data: gzip.compress(data) + b"more"),
]
UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.decompress, b"x-gzip": gzip.decompress, b"deflate": zlib.decompress, b"br": brotli.decompress,
    b"zstd": zstd.decompress,
}
PAGE = b"<p>x</p><a href='%b/'>" % INTERNAL


def test_each_coding_is_tried() -> None:
    """The list below is complete."""
    assert {coding for coding, _ in PACK} == CODINGS


@settings(max_examples=30)
@pytest.mark.parametrize(("coding", "pack"), PACK)
@given(st.binary(max_size=2000), st.integers(1, 200), PLACES)
def test_what_was_packed_is_translated_and_packed(
    coding: bytes, pack: Callable[[bytes], bytes], noise: bytes, times: int, places: list[int]
) -> None:
    """However it is cut; in several members or frames too."""
    page = PAGE * times + noise.replace(b"<", b"").replace(b">", b"")
    packed = run(Coded(HtmlTranslator(links(), Wanted()), coding), *cuts(pack(page), places))
    assert UNPACK[coding](packed) == page.replace(INTERNAL, PUBLIC)


@pytest.mark.parametrize(("coding", "pack"), PACK[:6])
def test_what_is_known_can_be_read_at_once(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """A page that its application flushes reaches the user although its end is still to come."""
    decoder, encoder = WAYS[coding]
    packer = encoder()
    coded = Coded(HtmlTranslator(links(), Wanted()), coding)
    seen = b"".join(decoder().read(coded.feed(packer.write(PAGE))))
    assert seen == PAGE.replace(INTERNAL, PUBLIC)


@pytest.mark.parametrize(("coding", "pack"), PACK[:6])
def test_a_bomb_is_broken_off(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """Long before all of it has been read."""
    bomb = pack(b"\0" * (GRACE + RATIO * PIECE * 2))
    coded = Coded(Untouched(), coding)
    with pytest.raises(RequestError) as caught:
        for start in range(0, len(bomb), PIECE):
            coded.feed(bomb[start : start + PIECE])
    assert caught.value.code is Code.ORIGIN_MALFORMED
    assert coded._read <= GRACE + RATIO * coded._taken + 2 * PIECE


@pytest.mark.parametrize(("coding", "pack"), PACK[:6])
def test_a_cut_answer_does_not_look_complete(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """Nor does one that is none."""
    packed = pack(PAGE * 50)
    with pytest.raises(RequestError):
        run(Coded(Untouched(), coding), packed[: len(packed) // 2])
    with pytest.raises(RequestError):
        run(Coded(Untouched(), coding), b"\xff" * 40)


def test_an_empty_body_stays_empty() -> None:
    """Answers without content may name a coding."""
    for coding in CODINGS:
        assert run(Coded(Untouched(), coding), b"") == b""
