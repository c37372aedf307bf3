"""Text in which URLs are found by one expression: what is read as one, what may go, and what has to wait."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.body.spans import Grammar, Spans
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import PLACES, cuts


def change(found: re.Match[bytes]) -> tuple[int, int, bytes] | None:
    """`<a>` is to be `[A]`; what begins with `!` stays, and a bracket."""
    text = found[0]
    return None if text[1:2] == b"!" or text == b"(" else (found.start(), found.end(), b"[" + text[1:-1].upper() + b"]")


#: URLs in angle brackets; strings in quotes; within `{` and `}` strings are URLs, too, unless a bracket is open.
TOKEN = rb"(?P<open>\{)|(?P<url><[^<>]*+>)|(?P<text>\"[^\"]*+\")|(?P<cut>[<\"][^<>\"]*+\Z)"
INSIDE = rb"(?P<url>\()|(?P<close>[)}])|(?P<string>\"[^\"]*+\")|(?P<cut>\"[^\"]*+\Z)"
REST = {b"<": re.compile(rb"[^>]*+(>)?+"), b'"': re.compile(rb"[^\"]*+(\")?+"), b"": re.compile(rb"()")}


GRAMMAR = Grammar(re.compile(TOKEN), REST, change, Grammar(re.compile(INSIDE), REST, change))
PLAIN = Grammar(re.compile(TOKEN), REST, change)


@pytest.mark.parametrize(("text", "after"), [
    (b"", b""), (b"a <b> c", b"a [B] c"), (b"<a><b>", b"[A][B]"), (b"<!a><b>", b"<!a>[B]"), (b'"<a>" <b>', b'"<a>" [B]'),
    (b"<a", b"<a"), (b"<", b"<"), (b'"', b'"'), (b"<>", b"[]"),
])
def test_tokens_are_read_one_after_the_other(text: bytes, after: bytes) -> None:
    """What is in a string is no URL; what does not end stays."""
    assert Spans(PLAIN).translate(text) == after


@pytest.mark.parametrize(("text", "after"), [
    (b'{"a"} "b"', b'{[A]} "b"'), (b'{("a") "b"} <c>', b'{("a") [B]} [C]'), (b'{"a"}{"b"}', b'{[A]}{[B]}'),
    (b'{ (()) "a"', b'{ (()) [A]'), (b'"{" "b"', b'"{" "b"'), (b'{} "a" <b>', b'{} "a" [B]')])
def test_inside_of_brackets_it_is_read_in_another_way(text: bytes, after: bytes) -> None:
    """Until as many have closed as have opened."""
    assert Spans(GRAMMAR).translate(text) == after


@given(st.lists(st.sampled_from([b"<a>", b"<", b">", b'"', b"{", b"}", b"(", b")", b"x", b"<!b>"]),
    max_size=14).map(b"".join), PLACES)
def test_cutting_does_not_matter(text: bytes, places: list[int]) -> None:
    """And nothing is held but what may still become a token."""
    spans = Spans(PLAIN)
    out = b""
    for piece in cuts(text, places):
        out += spans.feed(piece)
        assert spans.held <= LONGEST + len(piece)
    assert out + spans.finish() == Spans(PLAIN).translate(text)


def test_a_token_that_may_go_on_waits() -> None:
    """Up to a length; what is known goes."""
    spans = Spans(PLAIN)
    assert spans.feed(b"a <b") == b"a " and spans.held == 2
    assert spans.feed(b"c> d") == b"[BC] d" and spans.held == 0
    assert spans.feed(b"<e>") == b"" and spans.finish() == b"[E]"  # a URL at the very end may go on


@pytest.mark.parametrize("end", [b"<x>", b""])
def test_one_that_is_too_long_passes_as_it_is(end: bytes) -> None:
    """To its own end, and what follows is read again; wherever it is cut."""
    inner = b"<" + b"a" * (LONGEST + 5)
    for size in (LONGEST + 1, LONGEST + 3):
        spans = Spans(PLAIN)
        out = spans.feed(inner[:size])
        assert out == inner[:size] and spans.held == 0
        out += spans.feed(inner[size:]) + spans.feed(b"b><c>") + spans.feed(end) + spans.finish()
        assert out == inner + b"b>[C]" + (b"[X]" if end else b"")


def test_as_long_as_it_may_be() -> None:
    """It waits, and is translated; one byte more is not."""
    most = b"<" + b"a" * (LONGEST - 2) + b">"
    for text, is_translated in ((most, True), (b"<a" + most[1:], False)):
        assert (Spans(PLAIN).translate(text)[:1] == b"[") is is_translated
        spans = Spans(PLAIN)
        assert ((spans.feed(text[:-1]) + spans.feed(text[-1:]) + spans.finish())[:1] == b"[") is is_translated
