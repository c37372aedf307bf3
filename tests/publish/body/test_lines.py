"""URLs in events and in JSON with one value a line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.lines import EventsTranslator, Lines
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run

KINDS: dict[str, Callable[[], Lines]] = {
    "events": lambda: Lines(EventsTranslator(links())), "ndjson": lambda: Lines(script_translator(links())),
}


def translated(text: bytes, kind: str = "events") -> bytes:
    """The text as users get it."""
    return run(KINDS[kind](), text)


@pytest.mark.parametrize("text", [
    b'data: {"u": "X/a"}\n\n', b"data:X\n\n", b"data: <a href='X/a'>\ndata: see X/b\r\n\r\n", b"event: a\rid: 1\rdata: X/\r\r",
    b"\xef\xbb\xbfdata: X/\n\n", b":\n\ndata: X/\n\n: ping\n\ndata: X/\n\n", b'data: "\\/\\/wiki.internal:8080\\/a"\n\n',
    b"data: \x1b[31m X/\x1b[0m\n\ndata: X/\n\n", b"data\ndata: X/\n\n", b"data: X/",
])
def test_data_becomes_public(text: bytes) -> None:
    """Whatever it is made of, with any ends of lines; also behind the control codes of terminals."""
    text = text.replace(b"X", INTERNAL)
    public = text.replace(INTERNAL, PUBLIC).replace(b"wiki.internal:8080", b"wiki.example.com")
    assert translated(text) == public
    for place in range(len(text)):
        assert run(KINDS["events"](), text[:place], text[place:]) == public


@pytest.mark.parametrize("text", [
    b"id: X/1\n\n", b"event: X/\ndata: a\n\n", b": X/\n\n", b"DATA: X/\n\n", b"datas: X/\n\n", b" data: X/\n\n",
    b"data :X/\n\n", b"id: X/", b"dat", b"\xef\xbb", b"\xef\xbb\xbf\xef\xbb\xbfdata: X/\n\n", b"", b"\n", b"retry: X/\r\r",
])
def test_names_and_comments_stay(text: bytes) -> None:
    """The application gets ids back, and pages compare names."""
    text = text.replace(b"X", INTERNAL)
    assert translated(text) == text
    assert run(KINDS["events"](), *(bytes([byte]) for byte in text)) == text


def test_a_value_a_line_becomes_public() -> None:
    """Spelled as JSON may; without regard to what one line has left open."""
    text = b'{"a": "X/b"}\n{"a": "\\u002f\\u002fwiki.internal:8080\\u002f"}\n{"a": "\n["X"]\n\x1e{"a":"X/"}\n'
    text = text.replace(b"X", INTERNAL)
    assert translated(text, "ndjson") == text.replace(INTERNAL, PUBLIC).replace(b"wiki.internal:8080", b"wiki.example.com")


_PIECES = st.sampled_from([
    b"data", b"data:", b"data: ", b"id: ", b"event:", b":", b"\n", b"\n\n", b"\r", b"\r\n", b"x", b'"', b"//", b"\\/", b"h",
    b"http", b"\xef\xbb\xbf", b"\xc3", b" ", b"d", INTERNAL, INTERNAL + b"/a", INTERNAL[5:], b"ws://wiki.internal:8080/",
])
TEXTS = st.lists(_PIECES, max_size=20).map(b"".join)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300)
@given(text=TEXTS, places=PLACES)
def test_cutting_does_not_matter_and_no_complete_line_waits(kind: str, text: bytes, places: list[int]) -> None:
    """The same bytes leave however they arrive; a line leaves with the piece that has its end; other hosts stay."""
    translator = KINDS[kind]()
    given = came = b""
    for piece in cuts(text, places):
        came += piece
        given += translator.feed(piece)
        complete = came[: max(came.rfind(b"\n"), came.rfind(b"\r")) + 1]
        assert len(given) >= len(translated(complete, kind))
    assert given + translator.finish() == translated(text, kind)
    other = text.replace(b"wiki", b"w")
    assert translated(other, kind) == other


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_line_is_not_spared(kind: str) -> None:
    """Even where so much came byte by byte that other bytes have to wait."""
    translator = KINDS[kind]()
    line = b"data: %b/" % INTERNAL + b"x" * (LONGEST - 100)
    for _ in range(20):
        given = b"".join(translator.feed(line[start : start + 9]) for start in range(0, len(line), 9))
        given += translator.feed(b'"\n\n')
        assert given == line.replace(INTERNAL, PUBLIC) + b'"\n\n'


def test_what_never_ends_is_not_held() -> None:
    """A line without an end passes on."""
    for begins in (b"data: ", b"data: http://", b"id: ", b"x"):
        translator = KINDS["events"]()
        given = translator.feed(begins) + b"".join(translator.feed(b"x" * 1000) for _ in range(200))
        assert len(begins) + 200_000 - len(given) <= LONGEST + 1000
