"""Pages in attributes."""

from __future__ import annotations

from html import escape, unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.srcdoc import DEEPEST
from appproxy.publish.body.markup.tag import WantedAttributes
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run


def translated(page: bytes, *, xml: bool = False) -> bytes:
    """The page as users get it."""
    return run(HtmlTranslator(links(), WantedAttributes(script=True), paths=True, xml=xml), page)


@pytest.mark.parametrize("page", [
    b'<iframe srcdoc="<a href=\'X/a?b&amp;amp;c\'>d</a>"></iframe><a href=X/>',
    b"<iframe srcdoc='<img src=\"X/a\">'>", b"<IFRAME SRCDOC=\"&lt;a href=&quot;X/a&quot;&gt;\">",
    b'<iframe srcdoc="&#60;a href=&#x22;X/a&#x22;&#62;" src="X/b">', b"<iframe srcdoc=&lt;a&#32;href&equals;X/a&gt;>",
    b'<iframe srcdoc="<style>a{b:url(X/)}</style><script>\'X/\'</script><p style=\'b:url(X/)\'>">',
    b'<iframe srcdoc="&eacute;&copy &lt;a href=X/&eacute;&gt; a&b &unknown; &#233; &#0; &#99999999999; &#00000000000060;">',
    b'<iframe srcdoc="&#8217;&#x2019;&#256;&#x1F600; &lt;a href=X/&gt;">',
    b'<iframe srcdoc="&lt;!-- &lt;a href=&quot;Y/&quot;&gt; --&gt;&lt;a href=X/&gt;Y">',
    b"<iframe srcdoc=\"&lt;a href='&amp;#104;ttp:Z/a'&gt;\">",
])
def test_urls_in_it_become_public(page: bytes) -> None:
    """However its markup is spelled, and all else stays: text, comments, references to other characters."""
    page = page.replace(b"Y", INTERNAL)
    public = page.replace(b"X", PUBLIC).replace(b"&amp;#104;ttp:Z", PUBLIC)
    assert translated(page.replace(b"X", INTERNAL).replace(b"Z", INTERNAL[5:])) == public
    assert translated(page.replace(b"X", INTERNAL).replace(b"Z", INTERNAL[5:]), xml=True) == public


@pytest.mark.parametrize("page", [
    b'<iframe srcdoc="X/">', b'<iframe srcdoc="&amp;lt;a href=X/&amp;gt;">', b'<p srcdoc="<a href=X/>">',
    b"<iframe srcdoc=\"<a href=X/>",
    b"<iframe srcdoc>", b"<iframe srcdoc=>", b"<iframe srcdoc='/'>", b"<iframe srcdoc='&'>",
    b'<iframe srcdoc="\x01<a href=X/>">',
    b'<iframe srcdoc="&lta href=X/>">', b'<iframe srcdoc="&#0000000000060;a href=X/>">',
])
def test_what_is_none_stays(page: bytes) -> None:
    """Text in it, other attributes, what is cut."""
    page = page.replace(b"X", INTERNAL)
    assert translated(page) == page


def test_a_character_is_spelled_as_it_was_first() -> None:
    """The value is written from its characters; a reference without an end gets one."""
    page = b"<iframe srcdoc='&lt;a href=&#34;X/&#34;>&quot;&#60b>\"'>"
    public = b"<iframe srcdoc='&lt;a href=&#34;X/&#34;>&#34;&lt;b>&#34;'>"
    assert translated(page.replace(b"X", INTERNAL)) == public.replace(b"X", PUBLIC)
    assert translated(page) == page


def _inside(page: str, levels: int) -> str:
    for _ in range(levels):
        page = f'<iframe srcdoc="{escape(page)}"></iframe>'
    return page


@pytest.mark.parametrize("levels", range(1, DEEPEST + 3))
def test_they_may_be_in_each_other(levels: int) -> None:
    """Down to a certain level; deeper ones stay byte for byte."""
    page = _inside(f'<a href="{INTERNAL.decode()}/a">', levels).encode()
    assert translated(page) == (page if levels > DEEPEST else page.replace(INTERNAL, PUBLIC))


class _Documents(HTMLParser):
    """What Python's own parser reads as the values of `srcdoc` and `href`."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [value for name, value in attrs if name in ("srcdoc", "href")]


_INNER = st.lists(st.sampled_from([
    "<a href='", "'>", '"', "<", ">", "&", "&amp;", "&quot;", "&lt;", "&eacute;", "é", " ", "text", "=", "`", "\n", "<p>",
    "<iframe srcdoc='", INTERNAL.decode(), INTERNAL.decode() + "/a", "/old/", ";", "#60", "lt",
]), max_size=12).map("".join)


@settings(max_examples=300)
@given(_INNER)
def test_another_parser_reads_the_page_as_it_would_be_alone(inner: str) -> None:
    """Its value, read by an independent parser, is what the page becomes outside of an attribute, two levels deep."""
    for levels in (1, 2):
        value = translated(_inside(inner, levels).encode()).decode()
        for _ in range(levels):
            parser = _Documents()
            parser.feed(value)
            (found,) = parser.seen[:1]
            assert found is not None
            value = found
        alone = translated(inner.encode()).decode()
        assert value == alone or unescape(value) == unescape(alone)


_PIECES = st.sampled_from([
    b"<iframe srcdoc=", b"<iframe srcdoc='", b'"', b"'", b">", b" ", b"&lt;", b"&lt", b"&quot;", b"&#39;", b"&amp;", b"&",
    b"#60;",
    b"<a href=", b"<a href=&quot;", b"<!--", b"-->", b"<script>", b"</script>", b"<p style=", b"url(", b"\x01", b"\xff", b"x",
    INTERNAL, INTERNAL + b"/a", INTERNAL[5:], b"/old/", b"&eacute;", b"&#x26;", b"&num;",
])


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=20).map(b"".join), PLACES)
def test_cutting_does_not_matter(page: bytes, places: list[int]) -> None:
    """However the page arrives, the same bytes leave; without our URLs, those that came."""
    def through(*pieces: bytes) -> bytes:
        return run(HtmlTranslator(links(), WantedAttributes(script=True), paths=True), *pieces)

    assert through(*cuts(page, places)) == through(page)
    other = page.replace(b"wiki", b"w").replace(b"/old/", b"/o/")
    assert through(other) == other
