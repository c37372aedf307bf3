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
        b'a{b:image-set("X/a.png" 1x, \'X/b\' type("image/png"), url("X/c") 2x,/*,*/ url( X/d ) 3x,"X/e")}c{d:url(X/)}',
        b'a{b:-webkit-image-set( "X/a" 1x)}', b"a{b:IMAGE-SET('X')}",
        b'a{b:image-set(linear-gradient(rgb(0,0,0),red) 1x,"X/a(.png" 2x)}',
        b"@namespace 'a';a{b:url(X/)}", b"@namespaces url(X/);", b"@namespace a url(b) c;a{b:url(X/)}",
        b'a{b:image-set("//wiki.internal:8080/c" 1x)}',
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
        b"@namespace 'X/';", b"@namespace url(X/);", b"@namespace svg url(X/);", b"@NAMESPACE/**/ a\\b/* * */url( 'X/' );",
        b'a{b:image-set("a" 1x) "X/"}', b'a{b:image-set("a" type("X/"))}', b'a{b:ximage-set("X/" 1x)}', b'a{image-set:"X/"}',
        b'a{b:image-set("a" type(url(c) "X/") "\\"X/")}', b'a{b:image-set("X\\/" 1x)}', b'a{b:--image-set("X/")}',
        b'/*image-*/set("X/")', b'a{b:image-set("\nX/")}',
         b"@namespace url(X/", b"image-set(", b"@name",
        b"a{b:url(data:image/png;base64,AA//BB)}", b"a{b:url(c/d.png)}", b"a{b:url(X\\/)}",
        b"url(", b"@import", b"/*", b"\\", b"u",
    ],
)
def test_other_text_stays(sheet: bytes) -> None:
    """Comments, strings, other functions, and what is cut."""
    sheet = sheet.replace(b"X", INTERNAL)
    assert translated(sheet) == sheet


def test_declarations_of_an_attribute_may_spell_quotes_as_references() -> None:
    """As browsers write them when a page is saved."""
    raw = (b"a:url(&quot;X/x&quot;);b:url(&#39;X/y&#39;);c:image-set(&quot;X/a&quot; 1x, &#39;X&#39; type(&quot;a&quot;))"
           ).replace(b"X", INTERNAL)
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
    b"&quot;", b"image-set(", b"-webkit-image-set('", b"image-", b"set(", b", ", b" 1x", b"type(", b"@namespace ", b"@name",
    b"space", b" a ",
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
