"""Where text ends that is no markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.body.markup.raw_text import END_TAGS, LongTag, RawText, Script
from appproxy.publish.body.translator import LONGEST, Untouched


def end_of(make: object, text: bytes, cut: int | None = None) -> int | None:
    """Where a text ends, None for nowhere; read at once, or in two pieces from where the first surely goes on."""
    reader: RawText = make()  # type: ignore[operator]
    if cut is not None:
        place, over = reader.end(text[:cut], 0)
        if over:
            return place
        assert place <= cut
        place, over = reader.end(text, place)
    else:
        place, over = reader.end(text, 0)
    return place if over else None


def script() -> Script:
    """The text of a script."""
    return Script(Untouched())


def long_tag() -> LongTag:
    """Behind the name of a tag that is too long."""
    return LongTag(b"a")


@pytest.mark.parametrize(("name", "text", "end"), [
    (b"title", b"a</title>", 1), (b"title", b"a</TITLE >", 1), (b"title", b"</titles></title/", 9), (b"title", b"</title",
    None),
    (b"style", b"</title></style\n", 8)])
def test_an_element_ends_with_its_own_name(name: bytes, text: bytes, end: int | None) -> None:
    """In any case, and where the name ends."""
    assert end_of(lambda: RawText(END_TAGS[name], Untouched(), after=False), text) == end


def test_an_end_may_belong_to_it() -> None:
    """A comment has its dashes. What may be the beginning of an end is not yet sure."""
    comment = RawText(re.compile(rb"-->"), Untouched(), after=True)
    assert comment.end(b"a-->b", 0) == (4, True) and comment.end(b"-->b-->", 1) == (7, True)
    assert comment.end(b"x" * 20, 0) == (4, False) and comment.end(b"x" * 20, 10) == (10, False)


@pytest.mark.parametrize(("text", "end"), [
    (b"a</script>", 1), (b"a</SCRIPT\t", 1), (b"a</scripts></script>", 11),
    # Behind `<!--` a whole script is hidden, with its end tag, and no half of one.
    (b"<!--</script>", 4), (b"<!--<script></script></script>", 21), (b"<!--<script></script>", None),
    (b"<!--<script>--></script>", 15), (b"<!--<scripts></script>", 13), (b"<script></script>", 8),
    (b"<!--<script></script>--><script></script>", 32), (b"<!--><script></script>", 13), (b"<!--->x</script>", 7),
    (b"--></script>", 3), (b"<!--<script><script></script></script>", 29),
])
def test_the_end_of_a_script(text: bytes, end: int | None) -> None:
    """HTML sections 13.2.5.15 to 13.2.5.31; wherever the text is cut."""
    assert end_of(script, text) == end
    for cut in range(len(text) + 1):
        assert end_of(script, text, cut) == end, cut


@given(st.lists(st.sampled_from([b"<!--", b"--", b">", b"-", b"<script", b"</script", b" ", b"x" * 16, b"/"]),
    max_size=12).map(b"".join),
       st.integers(0, 200))
def test_a_cut_changes_no_end(text: bytes, cut: int) -> None:
    """Of scripts and of long tags."""
    for make in (script, long_tag):
        assert end_of(make, text, min(cut, len(text))) == end_of(make, text)


@pytest.mark.parametrize(("text", "end"), [
    (b" a>b", 3), (b" a='>' b>c", 9), (b' a=">" >', 8), (b" a='>", None), (b" a=b'>'", 6), (b" a", None), (b">", 1), (b"/>",
    2),
    (b" a='x'>", 7), (b" ' >' >", 4), (b" a='1' b=\"'>\" c>", 16)])
def test_the_end_of_a_long_tag(text: bytes, end: int | None) -> None:
    """A `>` in quotes is none; a quote that stands in a name is no quote."""
    assert end_of(long_tag, text) == end
    for cut in range(len(text) + 1):
        assert end_of(long_tag, text, cut) == end, cut


def test_a_long_tag_holds_no_more_than_others() -> None:
    """A value without quotes that goes on for longer is let go."""
    tag = long_tag()
    assert tag.end(b" a=" + b"x" * (LONGEST - 2), 0)[1] is False
    assert long_tag().end(b" a=" + b"x" * (2 * LONGEST), 0) == (2 * LONGEST + 3, False)
    assert long_tag().opens == b"a" and script().opens == b""
