"""Compressed answers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import Code, RequestError
from appproxy.publish.body.coding import CODINGS, GRACE, RATIO, WAYS, Coded
from appproxy.publish.body.decoders import PIECE
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.tag import WantedAttributes
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
    *((coding, lambda data, pack=pack: pack(data) + b"more") for coding, pack in
      ((b"gzip", gzip.compress), (b"deflate", zlib.compress), (b"br", brotli.compress), (b"zstd", zstd.compress))),
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
    packed = run(Coded(HtmlTranslator(links(), WantedAttributes()), coding), *cuts(pack(page), places))
    assert UNPACK[coding](packed) == page.replace(INTERNAL, PUBLIC)


@pytest.mark.parametrize(("coding", "pack"), PACK[:6])
def test_what_is_known_can_be_read_at_once(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """A page that its application flushes reaches the user although its end is still to come."""
    decoder, encoder = WAYS[coding]
    packer = encoder()
    coded = Coded(HtmlTranslator(links(), WantedAttributes()), coding)
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
def test_a_cut_coding_stays_cut(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """What came is passed on, as browsers show it, and without an end, which who looks for one misses as before."""
    page = bytes(Random(1).choices(b"abcdefgh", k=600_000))
    packed = pack(page)
    decoder = WAYS[coding][0]()
    out = b"".join(decoder.read(run(Coded(Untouched(), coding), packed[: len(packed) // 2])))
    assert page.startswith(out) and 100_000 < len(out) < 500_000
    assert not decoder.complete
    with pytest.raises(RequestError):
        run(Coded(Untouched(), coding), b"\xff" * 40)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("spoil", [
    lambda data: data[:-1], lambda data: data[:-5], lambda data: data[:-8], lambda data: data[:-8] + b"\0" * 8,
    lambda data: data[:-4] + b"\xff" * 4, lambda data: data + b"\0" * 50, lambda data: data + b"\x1f\x8b",
    lambda data: data + b"\x1f\x8bno member", lambda data: data[:4] + b"\xff\xff\xff\xff" + data[8:]])
def test_a_trailer_of_gzip_means_nothing(spoil: Callable[[bytes], bytes], size: int) -> None:
    """Cut, wrong, or with something behind it: browsers show such a page, and so its links have to be right."""
    coded, packed = Coded(Untouched(), b"gzip"), spoil(gzip.compress(PAGE))
    out = b"".join(coded.feed(packed[start : start + size]) for start in range(0, len(packed), size)) + coded.finish()
    assert gzip.decompress(out) == PAGE


@pytest.mark.parametrize("spoil", [lambda data: data[:-2], lambda data: data[:-4] + b"\0" * 4, lambda data: data + b"more"])
def test_a_checksum_of_deflate_means_nothing(spoil: Callable[[bytes], bytes]) -> None:
    """The same of zlib's."""
    assert zlib.decompress(run(Coded(Untouched(), b"deflate"), spoil(zlib.compress(PAGE)))) == PAGE


@pytest.mark.parametrize(("coding", "pack"), [(b"deflate", _raw), (b"gzip", lambda data: gzip.compress(data)[:-8])])
def test_what_zlib_holds_back_is_asked_for(coding: bytes, pack: Callable[[bytes], bytes]) -> None:
    """Where the last bytes of a stream are more than fits into one output, and nothing follows them."""
    for size in range(PIECE, PIECE + 300):
        decoder = WAYS[coding][0]()
        assert len(b"".join(decoder.read(pack(b"a" * size)))) == size and decoder.complete


@pytest.mark.parametrize("size", [1, 100, 5000, 100_000])
@pytest.mark.parametrize(("extra", "good"), [(4084, True), (4085, False), (9000, False), (65_535, False)])
def test_a_long_head_of_gzip_is_refused_however_it_is_cut(extra: int, good: bool, size: int) -> None:
    """One that is held for long is refused, and so it is where it comes at once."""
    plain = gzip.compress(PAGE)
    packed = plain[:3] + b"\4" + plain[4:10] + extra.to_bytes(2, "little") + b"x" * extra + plain[10:]
    coded = Coded(Untouched(), b"gzip")
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    if good:
        assert gzip.decompress(run(coded, *pieces)) == PAGE
    else:
        with pytest.raises(RequestError):
            run(coded, *pieces)


@pytest.mark.parametrize("flags", [0, 1, 2, 4, 8, 16, 31])
def test_all_that_the_head_of_gzip_may_have(flags: int) -> None:
    """An extra field, a name, a comment and a checksum, wherever it is cut; reserved flags mean nothing."""
    extra = b"\x03\0abc" if flags & 4 else b""
    names = (b"page.html\0" if flags & 8 else b"") + (b"a comment\0" if flags & 16 else b"")
    plain = gzip.compress(PAGE)
    packed = plain[:3] + bytes([flags]) + plain[4:10] + extra + names + (b"\0\0" if flags & 2 else b"") + plain[10:]
    for body in (packed, packed * 3):
        coded = Coded(Untouched(), b"gzip")
        out = b"".join(coded.feed(body[place : place + 1]) for place in range(len(body))) + coded.finish()
        assert gzip.decompress(out) == PAGE * (len(body) // len(packed))


def test_a_head_without_an_end_is_refused() -> None:
    """It would be held for ever."""
    with pytest.raises(RequestError):
        run(Coded(Untouched(), b"gzip"), b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"x" * 10_000)


@pytest.mark.parametrize(("coding", "part"), [
    (b"gzip", gzip.compress(b"")), (b"gzip", b"\x1f\x8b\x08" + b"\0" * 7 + b"\x03\0" + b"\0" * 8),
    (b"zstd", zstd.compress(b""))], ids=["gzip", "gzip by hand", "zstd"])  # the bytes tell the time
def test_empty_parts_are_counted(coding: bytes, part: bytes) -> None:
    """A thousand members or frames that hold nothing are read; more are a bomb of another kind."""
    assert run(Coded(Untouched(), coding), part * 1000)
    with pytest.raises(RequestError) as caught:
        run(Coded(Untouched(), coding), part * 1002)
    assert caught.value.code is Code.ORIGIN_MALFORMED


def test_an_empty_body_stays_empty() -> None:
    """Answers without content may name a coding."""
    for coding in CODINGS:
        assert run(Coded(Untouched(), coding), b"") == b""
