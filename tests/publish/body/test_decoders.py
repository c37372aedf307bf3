"""Compressed bodies are read up to the end of their coding."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from random import Random

import brotli
import pytest
from backports import zstd

from appproxy.errors import Code, RequestError
from appproxy.publish.body.coding import WAYS
from appproxy.publish.body.decoders import Brotli, Decoder, Zstd

#: A page that is several pieces when it is compressed, too.
PAGE = b"<p>hello</p>" * 20_000 + Random(1).randbytes(60_000)
PACKED = {
    b"gzip": gzip.compress(PAGE), b"deflate": zlib.compress(PAGE), b"br": brotli.compress(PAGE, quality=3),
    b"zstd": bytes(zstd.compress(PAGE)),
}
#: What a server may leave behind the end: blanks, zeros, the beginning of something, what looks like a head and is none.
BEHIND = [
    b"\n", b"x", b"\0" * 600, b"garbage" * 5_000, b"\x1f", b"\x1f\x8b", b"\x28", b"\x28\xb5\x2f", b"\x50\x2a\x4d", b"\x03"]


def read(decoder: Decoder, *pieces: bytes) -> bytes:
    return b"".join([out for piece in pieces for out in decoder.read(piece)])


@pytest.mark.parametrize("coding", sorted(PACKED), ids=bytes.decode)
@pytest.mark.parametrize("behind", BEHIND, ids=lambda behind: repr(behind[:6]))
def test_what_is_behind_the_end_is_ignored(coding: bytes, behind: bytes) -> None:
    """In one piece with the end, in many small ones, and apart from it."""
    packed = PACKED[coding]
    whole = packed + behind
    for pieces in (
        [whole], [packed, behind], [packed[:-1], packed[-1:] + behind],
        [whole[start : start + 1000] for start in range(0, len(whole), 1000)],
        [packed[:-9], *(whole[at : at + 1] for at in range(len(packed) - 9, len(whole)))],
    ):
        decoder = WAYS[coding][0]()
        assert read(decoder, *pieces) == PAGE
        assert decoder.complete


def test_a_small_page_that_grows_is_read_whole_and_once() -> None:
    """Brotli's decoder may find what is behind the end when a part of the last piece was given already."""
    page = b"<p>" * 100_000
    decoder = Brotli()
    assert read(decoder, brotli.compress(page) + b"more") == page
    assert decoder.complete


@pytest.mark.parametrize("noise", [b"\xff", b"\0", b"\x55\xaa", b"garbage"])
def test_what_is_no_brotli_has_no_end(noise: bytes) -> None:
    """From the beginning it is refused; in the middle of a page, too, or what it may mean has no end."""
    good = brotli.compress(b"".join(b"<p>%d</p>" % number for number in range(60_000)))
    with pytest.raises(RequestError) as error:
        read(Brotli(), b"\xff" + noise * 3000)
    assert error.value.code is Code.ORIGIN_MALFORMED
    for place in range(1000, len(good), len(good) // 8):
        decoder = Brotli()
        with suppress(RequestError):
            read(decoder, good[:place] + noise * 3000)
        assert not decoder.complete


@pytest.mark.parametrize("page", [Random(3).randbytes(700_000), b"".join(b"<p>%d</p>" % n * 3 for n in range(600_000))])
@pytest.mark.parametrize("size", [1, 100, 16_000, 10_000_000])
def test_what_is_behind_the_end_of_a_page_too_large_to_be_kept(page: bytes, size: int) -> None:
    """It is read as any other, however it arrives; no more than the bound is kept of it, and its middle may not be wrong."""
    packed = brotli.compress(page, quality=3)
    assert len(packed) > 550_000
    whole = packed + b"more"
    decoder, out, most = Brotli(), [], 0
    for at in range(0, len(whole), size):
        for piece in decoder.read(whole[at : at + size]):
            out.append(piece)
        if at % 1000 < size:  # to count byte by byte would take most of the time
            most = max(most, sum(map(len, decoder._kept)), 64 * len(decoder._kept))
    assert b"".join(out) == page and decoder.complete
    assert most < 300_000 and not decoder._kept
    cut = Brotli()
    with suppress(RequestError):
        read(cut, packed[:500_000] + b"\xff" * 9000)
    assert not cut.complete


def test_frames_of_zstd_follow_one_another() -> None:
    """Also those that are to be skipped, however they are cut; a frame that is cut is no end."""
    skipped = b"\x5f\x2a\x4d\x18\x03\0\0\0abc"
    whole = skipped + bytes(zstd.compress(b"one ")) + skipped + bytes(zstd.compress(b"two"))
    for pieces in ([whole], [whole[at : at + 1] for at in range(len(whole))]):
        decoder = Zstd()
        assert read(decoder, *pieces) == b"one two" and decoder.complete
    decoder = Zstd()
    assert read(decoder, whole[:-1])[:4] == b"one " and not decoder.complete


@pytest.mark.parametrize("coding", [b"gzip", b"zstd"], ids=bytes.decode)
def test_nothing_is_read_behind_what_is_ignored(coding: bytes) -> None:
    """A part behind bytes that are nobody's is nobody's, too, however they are cut."""
    packed = PACKED[coding]
    for pieces in ([packed + b"x" + packed], [packed, b"x", packed], [packed, b"x" + packed]):
        decoder = WAYS[coding][0]()
        assert read(decoder, *pieces) == PAGE and decoder.complete
