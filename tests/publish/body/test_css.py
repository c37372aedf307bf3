"""URLs in style sheets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.css import css_translator, translate_css
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run


def translated(sheet: bytes) -> bytes:
    """The sheet as users get it."""
    return run(css_translator(links()), sheet)


@pytest.mark.parametrize(
    "sheet",
    [
        b"@import 'X/a.css' screen;", b'@IMPORT\n"X/a.css";', b"@import url(X/a.css);", b"a{b:url(X/c.png)}",
        b"a{b:URL( 'X/c' )}",
        b'a{b:url("X/a (1).png?q")}c{d:url(X/e)}', b"a{b:src(\"X/c\")}", b"a{b:url(X)}", b"a{b:url(//wiki.internal:8080/c)}",
        b'/* it\'s */a{b:url(X/)}', b'a{content:"\\"";b:url(X/)}', b"a{content:'x\nb:url(X/)}", b"a{b:image-set(url(X/) 1x)}",
        b"a\\'b{c:url(X/)}",
    ],
)
def test_urls_become_public(sheet: bytes) -> None:
    """In functions and imports, with quotes and without, behind comments, strings and escapes."""
    sheet = sheet.replace(b"X", INTERNAL)
    assert translated(sheet) == sheet.replace(INTERNAL, PUBLIC).replace(b"//wiki.internal:8080", b"//wiki.example.com")


@pytest.mark.parametrize(
    "sheet",
    [
        b"/* url(X/) @import 'X/' */", b'a{content:"url(X/)"}', b"a{content:'\\'url(X/)'}", b"a{b:myurl(X/)}", b"a{b:c(X/)}",
        b"@namespace 'X/';", b"a{b:url(data:image/png;base64,AA//BB)}", b"a{b:url(c/d.png)}", b"a{b:url(X\\/)}",
        b"url(", b"@import", b"/*", b"\\", b"u",
    ],
)
def test_other_text_stays(sheet: bytes) -> None:
    """Comments, strings, other functions, and what is cut."""
    sheet = sheet.replace(b"X", INTERNAL)
    assert translated(sheet) == sheet


def test_declarations_of_an_attribute_may_spell_quotes_as_references() -> None:
    """As browsers write them when a page is saved."""
    raw = b"a:url(&quot;%b/x&quot;);b:url(&#39;%b/y&#39;)" % (INTERNAL, INTERNAL)
    assert translate_css(links(), raw) == raw.replace(INTERNAL, PUBLIC)
    assert translate_css(links(), b"color:red") is None


def test_a_string_without_an_end_is_not_held() -> None:
    """Nor is a comment; what comes behind it is read again."""
    for begin, end in ((b"/*", b"*/"), (b'"', b'"'), (b"'", b"'")):
        translator = css_translator(links())
        given = translator.feed(begin) + b"".join(translator.feed(b"x" * 999) for _ in range(100))
        assert len(given) > 99_900 - LONGEST - 1000
        for byte in end + b"a{b:url(%b/)}" % INTERNAL:
            given += translator.feed(bytes([byte]))
        assert (given + translator.finish()).endswith(end + b"a{b:url(%b/)}" % PUBLIC)


SHEETS = st.lists(st.sampled_from([
    b"url(", b"URL( ", b")", b'"', b"'", b"/*", b"*/", b"/", b"*", b"\\", b"\n", b"@import ", b"@imp", b"src(", b"u", b"x",
    b"&quot;",
    INTERNAL, INTERNAL + b"/a", INTERNAL[5:], b"/old/", b"http:", b"h", b";", b"\xff",
]), max_size=20).map(b"".join)


@settings(max_examples=400)
@given(SHEETS, PLACES)
def test_cutting_does_not_matter(sheet: bytes, places: list[int]) -> None:
    """However the sheet arrives, the same bytes leave."""
    assert run(css_translator(links()), *cuts(sheet, places)) == translated(sheet)


@given(SHEETS.map(lambda sheet: sheet.replace(b"wiki", b"w").replace(b"/old/", b"/o/")))
def test_a_sheet_without_our_urls_stays(sheet: bytes) -> None:
    """Where nothing is to be translated, the output is the input."""
    assert translated(sheet) == sheet


def test_a_url_too_long_to_be_looked_at_stays_however_it_is_cut() -> None:
    """The same in one piece."""
    text = b"a{b:url(%b/" % INTERNAL + b"x" * LONGEST + b")}"
    assert translated(text) == text
    assert run(css_translator(links()), *cuts(text, list(range(0, len(text), 700)))) == text
