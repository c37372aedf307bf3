"""Translating a body takes time that grows with it, however it is cut and whatever it is made of, and never long at once."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from random import Random
from time import process_time

import brotli
import pytest
from backports import zstd

from appproxy.errors import RequestError
from appproxy.publish.body.charset import Decoded
from appproxy.publish.body.coding import Coded
from appproxy.publish.body.css import css_translator
from appproxy.publish.body.lines import EventsTranslator, Lines
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.tag import WantedAttributes
from appproxy.publish.body.markup.xml import xml_translator
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import LONGEST, Stepwise, Translator, Untouched
from tests.cost.growth import MOST, growth
from tests.cost.machine import least
from tests.publish.body.fakes import links

#: Seconds for one step.
LONGEST_STEP = 0.010
KINDS: dict[str, Callable[[], Stepwise]] = {
    "html": lambda: Decoded(HtmlTranslator(links(), WantedAttributes(script=True), paths=True)),
    "css": lambda: Decoded(css_translator(links())),
    "script": lambda: Decoded(script_translator(links())),
    "xml": lambda: Decoded(xml_translator(links())),
    "events": lambda: Lines(EventsTranslator(links())),
}
#: What a page begins with, and what follows it again and again.
UNITS = [
    (b"", b"<a href=/>"), (b"", b"<"), (b"", b"<a "), (b"<a x=", b"'>"), (b'<a x="', b">"), (b"<a ", b"b=c "),
    (b"<img srcset='", b"/,"), (b"<img srcset='", b","), (b"<img srcset='", b" "), (b"<img srcset='", b"(,"),
    (b"<object archive='", b"/ "), (b"<!--", b"-"), (b"<script>", b"<!--<script>"), (b"<script>", b"</script"),
    (b"<style>", b"url(/"), (b"<p style='", b"url(/)"), (b"", b"&"), (b"<a href='", b"&#47;"), (b"<a href='/", b"&amp;"),
    (b"", b"<svg>"), (b"", b"<script></script>"), (b"<textarea>", b"</textarea"), (b"", b"url("), (b"", b"url(/"),
    (b"", b"@import "), (b"", b"/*"), (b"/*", b"*"), (b'"', b"\\"), (b"'", b"x"), (b"", b'"'), (b"", b"http://"),
    (b'"', b"\\/"), (b"", b"https://h/"), (b"", b"ht"), (b"", b'"//'), (b"", b" href='http://x/'"), (b"", b"&lt;"),
    (b"<meta content='", b"0;"), (b"<meta http-equiv=content-security-policy content='", b"http://h "), (b"", b"]]>"),
    (b"", b"<iframe srcdoc=/>"), (b"<iframe srcdoc='", b"&"), (b"<iframe srcdoc='", b"&lt;a href=/&gt;"),
    (b"<iframe srcdoc='", b"<a href=/>"), (b"", b"<iframe srcdoc='&lt;a href=/old/&gt;'>"),
    (b"<iframe srcdoc='", b"<iframe srcdoc=&#34;"), (b"", b"<iframe srcdoc=/"),
    (b"<iframe srcdoc='<iframe srcdoc=&quot;<iframe srcdoc=&amp;quot;", b"<iframe srcdoc=/>"),
    (b"", b"<g fill='url(/)'>"), (b"<g fill='", b"url(/) "), (b"", b"<g fill=''>"), (b"", b"<?xml-stylesheet "),
    (b"", b"\n"), (b"", b"d\n"), (b"", b"data\n"), (b"", b"data:\nid\n"), (b"data:", b"h"), (b"data:http://", b"x"),
    (b"", b"data:http://h/\n"), (b"", b"data"),
    (b"", b"image-set("), (b"", b"image-set()"), (b"image-set(", b'"/",'), (b"image-set(", b"&quot;"),
    (b"image-set(", b"url(/"), (b"image-set(", b"("),
    (b"", b"@namespace "), (b"", b"@namespace("), (b"@namespace", b"/**/"), (b"", b"@namespace/*"),
    (b"", b"<script type=text/html>"),
]  # fmt: skip


#: Tags that are nearly as long as any that is looked at.
LONG = [
    (b"", b"<meta " + b"content=/ " * 1600 + b">"), (b"", b"<meta " + b"http-equiv=x content=/ " * 690 + b">"),
    (b"", b"<a href='&sol;" + b"a" * 16_000 + b"'>"), (b"", b"<a ping='" + b"/ " * 8_150 + b"'>"),
    (b"", b"<img srcset='" + b"/," * 8_150 + b"'>"), (b"", b"<img srcset='" + b"/ ," * 5_400 + b"'>"),
    (b"", b"<img " + b"src=/ " * 2_700 + b">"), (b"", b"<a " + b"a " * 8_150 + b">"),
    (b"", b"<a " + b"fill=url(/) " * 1_350 + b">"),
    (b"", b"<iframe srcdoc='" + b"&" * 16_300 + b"'>"), (b"", b"<iframe srcdoc='" + b"&lt;" * 4_070 + b"'>"),
    (b"", b"<iframe srcdoc='" + b"&lt;a href=/&gt;" * 1_000 + b"'>"),
    (b"", b"<p style='" + b"url(/)" * 2_700 + b"'>"), (b"", b"<a href='/" + b"&#65;" * 3_200 + b"'>"),
]  # fmt: skip


def pieces(translator: Translator, data: bytes, size: int) -> Callable[[], None]:
    """Feeding the data in pieces of this size."""

    def feed() -> None:
        for start in range(0, len(data), size):
            translator.feed(data[start : start + size])
        translator.finish()

    return feed


@pytest.mark.parametrize("kind", KINDS)
def test_whole(kind: str) -> None:
    """In the pieces that come from a connection: no step takes long."""
    for before, unit in UNITS + LONG:
        data = before + unit * (65_536 // len(unit))
        assert _longest_step(KINDS[kind], data) <= LONGEST_STEP, (before, unit)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 50])
def test_byte_by_byte(kind: str, size: int) -> None:
    """What is held back is not looked at again with each byte that comes: four times as much is four times the work."""
    dear = []
    for before, unit in UNITS:

        def work(length: int, before: bytes = before, unit: bytes = unit) -> Callable[[], None]:
            data = before + unit * (length // len(unit))
            return lambda: pieces(KINDS[kind](), data, size)()

        # Below the bound: what is longer is looked at when it has come, and what is not may never be.
        ratio = growth(work, LONGEST // (8 if size == 1 else 5))
        if ratio > MOST:
            dear.append((before, unit, round(ratio, 1)))
    assert dear == []


@pytest.mark.parametrize(("coding", "part"), [
    (b"gzip", gzip.compress(b"", mtime=0)), (b"gzip", gzip.compress(b"a", mtime=0)), (b"zstd", bytes(zstd.compress(b""))),
    (b"zstd", bytes(zstd.compress(b"a"))), (b"zstd", b"\x50\x2a\x4d\x18\0\0\0\0"),
    (b"br", b"\x0c"), (b"br", brotli.compress(b"a")),
    (b"deflate", zlib.compress(b"")), (b"deflate", b"\0\0\0\xff\xff"),
], ids=str)  # fmt: skip
def test_parts_of_compressed_bodies(coding: bytes, part: bytes) -> None:
    """Members and frames that hold next to nothing, or much: the work grows with the bytes, and is done in steps."""

    def work(size: int) -> Callable[[], None]:
        data = part * (size // len(part))

        def read() -> None:
            with suppress(RequestError):
                for _ in Coded(Untouched(), coding).steps(data):
                    pass

        return read

    assert growth(work, 16_384) <= MOST
    assert _longest_step(lambda: Coded(KINDS["html"](), coding), part * (65_536 // len(part))) <= LONGEST_STEP


def test_a_small_piece_that_is_a_large_page() -> None:
    """Four megabytes of what is dearest to look at."""
    packed = gzip.compress(b"<img srcset='" + b"/," * (2 << 20))
    assert _longest_step(lambda: Coded(KINDS["html"](), b"gzip"), packed) <= LONGEST_STEP


def test_what_is_behind_the_end_of_brotli() -> None:
    """Its last piece is read once more, and all that came before it."""
    packed = brotli.compress(Random(1).randbytes(180_000) + b"<a href=/>" * 100_000, quality=3) + b"more"
    assert _longest_step(lambda: Coded(KINDS["html"](), b"br"), packed) <= LONGEST_STEP


def _longest_step(translator: Callable[[], Stepwise], data: bytes) -> float:
    """Seconds of a usual server."""

    def measure() -> tuple[float]:
        took, began = [0.0], process_time()
        with suppress(RequestError):
            for _ in translator().steps(data):
                took.append(process_time() - began)
                began = process_time()
        return (max(took),)

    return least(measure, (LONGEST_STEP,))[0]
