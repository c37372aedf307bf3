"""URLs in HTML, as browsers read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.links import Links
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.table import EVERY_TAG, TAGS, Holds
from appproxy.publish.body.markup.tag import WantedAttributes
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run, to_public

EVERYTHING = WantedAttributes(css=True, script=True)


def translated(page: bytes, wanted: WantedAttributes = EVERYTHING, *, paths: bool = True, xml: bool = False) -> bytes:
    """The page as users get it."""
    return run(HtmlTranslator(links(), wanted, paths=paths, xml=xml), page)


def all_public(page: bytes) -> bytes:
    """With every internal URL public."""
    return page.replace(INTERNAL, PUBLIC).replace(INTERNAL[5:], PUBLIC[6:])


@pytest.mark.parametrize(("tag", "attribute"), [
    (tag, name) for tag, names in TAGS.items() for name, holds in names.items() if holds is not Holds.PAGE
] + [(tag, name) for tag in (b"button", b"x-menu") for name in EVERY_TAG])
@pytest.mark.parametrize("form", [b'<%b x="1" %b="%b/a" y>', b"<%b %b='%b/a'>", b"<%b %b=%b/a >", b"<%b\n%b = \t\"%b\"/>"])
def test_each_attribute_of_the_table_is_translated(tag: bytes, attribute: bytes, form: bytes) -> None:
    """In double and single quotes and without; in capitals too."""
    page = form % (tag, attribute, INTERNAL)
    assert translated(page) == all_public(page)
    page = form % (tag.upper(), attribute.upper(), INTERNAL)
    assert translated(page) == all_public(page)


@pytest.mark.parametrize(
    ("tag", "attribute"), [(b"p", b"href"), (b"a", b"src"), (b"img", b"alt"), (b"div", b"title"), (b"a", b"xhref")]
)
def test_other_attributes_stay(tag: bytes, attribute: bytes) -> None:
    """What the table does not name is not touched."""
    page = b'<%b %b="%b/">' % (tag, attribute, INTERNAL)
    assert translated(page) == page


@pytest.mark.parametrize(
    "page",
    [
        b"text http://wiki.internal:8080/ <", b'<!-- <a href="X/"> -->', b'<!--x--!y <a href="X/">-->',
        b'<title><a href="X/"></title>', b'<textarea><a href="X/"></textareas></textarea>',
        b"<xmp><a href=X/></xmp>", b"<noframes><a href=X/></noframes>", b'<iframe><a href="X/"></iframe>',
        b'<p title="<a href=X/>">', b"<p title='<a href=X/>'>", b'<a title=" href=X/ ">', b'<a b=c"d href=e" f="href=X/">',
        b'<plaintext><a href="X/">', b"<!doctype html <a href=X/ >", b"<?xml-stylesheet href='X/a.css'?>",
        b"<?xml-stylesheet href='X/", b"<? <a href=X/ ?>", b"</ <a href=X/>",
        b'<svg><![CDATA[ > <a href="X/"> ]]></svg>', b"</a href=X/>", b"<aa href=X/>", b"<a-b href=X/>", b"< a href=X/>",
        b"<a href", b"<a href=", b"<a href='X/", b"<a href=X/", b"<", b"</", b"<!", b"<!-", b"<!--", b"<a ", b"<script",
        b'<script type="text/plain"><a href="X/"></script>',
        b'<script type="x-template"><a href="X/"></script>', b'<script type="text/html"><!-- <a href="X/"> --></script>',
        b"<style></styles>@import 'x'</style>",
        b'<a x= href="X/">',  # the name behind the equals sign is the value
        b'<img src="/" src="X/" SRC="X/">', b'<meta http-equiv=x http-equiv=content-security-policy content="img-src X">',
        b"<a " + b"a " * 1_000 + b"href='X/' ping='X/'>",  # so many that nobody looks
    ],
)
def test_what_is_no_attribute_to_a_browser_stays(page: bytes) -> None:
    """Text, comments, what is written in other values, and pages that are cut."""
    page = page.replace(b"X", INTERNAL)
    assert translated(page) == page


@pytest.mark.parametrize(
    "page",
    [
        b'<!--><a href="X/">', b'<!---><a href="X/">', b'<!----><a href="X/">', b'<!-- a --!><a href="X/">',
        b'<![CDATA[><a href="X/">', b'<title></title  ><a href="X/">', b'</><a href="X/">', b'<<a href="X/">',
        b'<a\x0chref="X/">', b'<a/href="X/">', b'<a b="c"href="X/">', b"<a =x href=X/>", b"<a x = y href =  'X/'>",
        b"<svg><title><a href=X/></title></svg>", b"<svg><style/><a href=X/></svg>",
        b"<svg/><title>&lt;</title><a href=X/>", b"<noscript><img src=X/></noscript>",
        b'<a style="background:url(X/)" href="X/">', b"<b style='background:url(&quot;X/&quot;)'>",
        b"<script>x('</scripts>')</script ><a href=X/>", b'<script>"<!-- <script> </script> "</script><a href=X/>',
        b"<script>'X/'</script>", b"<script type=module>import 'X/a.js'</script>", b"<style>@import 'X/a.css'</style>",
        b'<script type="application/ld+json">{"u": "X/"}</script>', b"<a href=//wiki.internal:8080>",
        b"<path fill='url(X/a.svg#b)' STROKE=url(X/)><g clip-path=\"url('X/')\">",
        b"<meta http-equiv='Refresh' content='3; url=X/'>", b"<meta property=og:image content=X/i.png>",
        b'<meta http-equiv="Content-Security-Policy" content="img-src X;script-src X/s">',
        b'<script>"<!-- <script> </script> <!-- --> "</script><a href=X/>', b"<plaintexts><a href=X/>",
    ],
)
def test_what_is_one_to_a_browser_is_translated(page: bytes) -> None:
    """Odd spellings that the standard's tokenizer reads as tags and attributes."""
    page = page.replace(b"X", INTERNAL)
    assert translated(page) == all_public(page)


@pytest.mark.parametrize("says", [
    b"text/html", b"Text/Template", b" text/x-template ", b"text/ng-template", b"text/x-handlebars-template",
    b"text/x-handlebars", b"text/x-jquery-tmpl", b"text/x-mustache"])
def test_a_template_is_a_piece_of_a_page(says: bytes) -> None:
    """What scripts insert from it needs its links, also where neither scripts nor styles are to change."""
    page = (b'<script type="%b"><# if (a<b) { #><img src="X/{{ data.a }}"><a class=\'{{b}}\' href=X/c>d</a>"X/"</script>'
            b"<a href=X/>" % says).replace(b"X", INTERNAL)
    wanted = all_public(page).replace(b'"%b/"<' % PUBLIC, b'"%b/"<' % INTERNAL)
    assert translated(page, WantedAttributes(css=False, inline=False)) == wanted


def test_templates_inside_of_templates_are_looked_into_three_levels_deep() -> None:
    """Each level costs another look at all that is in it, and a page of nothing else would end in a RecursionError."""
    begin = b"<script type=text/html>"
    for levels, public in ((1, PUBLIC), (3, PUBLIC), (4, INTERNAL), (3000, INTERNAL)):
        page = begin * levels + b"<a href='%b/'>"
        assert run(HtmlTranslator(links(), WantedAttributes()), page % INTERNAL) == page % public


def test_xhtml_has_cdata_and_empty_scripts() -> None:
    """What would hide the rest of an HTML page does not hide that of an XHTML one."""
    page = b'<script src="X/a.js"/><![CDATA[<a href="X/">]]><a href="Y/b"/>'
    assert translated(page.replace(b"X", INTERNAL).replace(b"Y", INTERNAL), xml=True) == (
        b'<script src="%b/a.js"/><![CDATA[<a href="%b/">]]><a href="%b/b"/>' % (PUBLIC, INTERNAL, PUBLIC))


def test_a_drawing_is_one_as_before() -> None:
    """SVG as programs write it: addresses and styles become public, names of namespaces and declarations stay."""
    drawing = (
        b'<?xml version="1.0"?>\n<?xml-stylesheet type="text/css" href="X/a.css"?>\n<?xml-stylesheet title="Y/"?>\n'
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd" [\n'
        b'<!ENTITY ns "http://wiki.internal:8080/ns">\n]>\n'
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:w="Y/ns">\n'
        b"<title>Y/<a href='X/a'/></title><style><![CDATA[a>b{fill:url(\"X/b.svg#c\")}]]></style><defs><style/>"
        b'<linearGradient xlink:href="X/c"/></defs><a xlink:href="X/d"><image href=\'X/e\'/><feImage href="X/f"/></a>'
        b'<rect fill="url(X/b.svg#c)" style="mask:url(&quot;X/&quot;)"/><script xlink:href="X/g"/><![CDATA[<a href="Y/"/>]]>'
        b'<use xlink:href="#h"/><text>Y/</text></svg>\n').replace(b"Y", INTERNAL)
    wanted, drawing = drawing.replace(b"X", PUBLIC), drawing.replace(b"X", INTERNAL)
    assert translated(drawing, xml=True) == wanted
    for place in range(len(drawing)):
        assert run(HtmlTranslator(links(), EVERYTHING, paths=True, xml=True), drawing[:place], drawing[place:]) == wanted


def test_paths_matter_only_where_they_differ() -> None:
    """With the same path on both sides no path is looked at."""
    page = b'<a href="/old/x"><img src="/old/y">'
    assert translated(page, paths=True) == b'<a href="/new/x"><img src="/new/y">'
    assert translated(page, paths=False).startswith(b'<a href="/old/x">')


def test_hashes_of_what_we_translate_are_dropped() -> None:
    """A script from elsewhere keeps its hash; that of one of ours would no longer fit."""
    page = b'<script src="/a.js" integrity="sha384-A"></script><link integrity=sha384-B href=a.css>'
    foreign = b'<script integrity="sha384-C" src="https://cdn.example/a.js"></script>'
    assert translated(page + foreign) == b'<script src="/a.js" ></script><link  href=a.css>' + foreign
    assert translated(page, WantedAttributes(css=False, script=False)) == page
    assert translated(page, WantedAttributes(css=True, script=False)) == page.replace(b"integrity=sha384-B", b"")


def test_what_a_policy_has_hashes_of_stays() -> None:
    """With hashes in the security policy neither scripts nor styles inside of the page change."""
    page = b"<style>@import 'X/'</style><script>'X/'</script><p style='a:url(X/)'><a href=X/>".replace(b"X", INTERNAL)
    expected = page.replace(b"<a href=" + INTERNAL, b"<a href=" + PUBLIC)
    assert translated(page, WantedAttributes(script=True, inline=False)) == expected
    assert translated(page, WantedAttributes(css=False)) == page.replace(b"<a href=" + INTERNAL, b"<a href=" + PUBLIC)


def test_the_first_bytes_leave_before_the_last_arrive() -> None:
    """Of an endless page nothing but an unfinished tag is held back."""
    translator = HtmlTranslator(links(), EVERYTHING)
    assert translator.feed(b"<p>hello</p><a hre") == b"<p>hello</p>"
    assert translator.feed(b'f="%b/">x' % INTERNAL) == b'<a href="%b/">x' % PUBLIC


@pytest.mark.parametrize(
    "endless",
    [b"text ", b'<a title="', b"<a ", b"<a href=", b"<!-- ", b"<!doctype ", b"<?xml-stylesheet ", b"</p ",
     b"<![CDATA[", b"<script>x", b"<style>/* ",
     b'<style>"', b"<style>url(/", b"<title>", b"<svg>" * 9, b"<a " + b"b=c " * 9, b"<script>http://"],
)
def test_what_never_ends_is_not_held(endless: bytes) -> None:
    """A tag, value, comment or text without an end passes through; at most 16 KiB and the last piece wait."""
    translator = HtmlTranslator(links(), EVERYTHING)
    given = translator.feed(endless)
    for _ in range(200):
        given += translator.feed(b"a" * 1000)
    assert 200_000 + len(endless) - len(given) <= LONGEST + 1000
    assert given + translator.finish() == endless + b"a" * 200_000


def test_a_tag_too_long_to_be_looked_at_stays_however_it_is_cut() -> None:
    """Its end is found all the same, with a `>` in quotes, and a script's text is still no markup."""
    long = b'<script data-x="%b>" src="%b/">' % (b"x" * LONGEST, INTERNAL)
    page = long + b'<a href="%b/">' % INTERNAL + b"</script>" + b'<a href="%b/">' % INTERNAL
    wanted = long + b'<a href="%b/">' % INTERNAL + b"</script>" + b'<a href="%b/">' % PUBLIC
    assert translated(page) == wanted
    assert run(HtmlTranslator(links(), EVERYTHING), *cuts(page, list(range(0, len(page), 700)))) == wanted
    short = b"<a href=%b/>" % INTERNAL
    for link in (
        b'<p x="%b><a href=%b/>">', b'<a x="%b" href="%b/">', b'<a x="%b>" href="%b/">',
        b"<textarea x='%b>' y='%b/'><a href=Z/></textarea>",
    ):
        link = (link % (b"x" * (LONGEST + 2000), INTERNAL)).replace(b"Z", INTERNAL)
        for pieces in ([short, link, short], cuts(short + link + short, list(range(0, 20_000, 900)))):
            assert run(HtmlTranslator(links(), EVERYTHING), *pieces) == all_public(short) + link + all_public(short)


@pytest.mark.parametrize(
    ("page", "public"),
    [
        # A link whose directory does not tell: a reference, a backslash, a last segment that is published itself.
        (b'<a href="X/a&#x2f;../b">', b'<a href="Y/a/../b">'), (b'<a href="/old/\\e">', b'<a href="/old/\\e">'),
        (b'<a href="X/k"><a href="X/kb">', b'<a href="Y/k"><a href="https://kb.example.com">'),
        # Behind svg all is as before it; an empty one has nothing inside.
        (b"<svg></svg><title><a href=X/></title>", b"<svg></svg><title><a href=X/></title>"),
        (b"<svg/><title><a href=X/></title>", b"<svg/><title><a href=X/></title>"),
        (b"</svg></svg><svg><title><a href=X/></title></svg>", b"</svg></svg><svg><title><a href=Y/></title></svg>"),
        (b"<!--><a href=X/>", b"<!--><a href=Y/>"), (b"<!---><a href=X/>", b"<!---><a href=Y/>"),
        # In a script: `<!--` and `<script` hide an end tag, `<!-->` hides nothing, one end tag is spent on the inner one.
        (b"<script><!-- <script> </script> <a href='X/'> --> </script><a href=X/>",
         b"<script><!-- <script> </script> <a href='X/'> --> </script><a href=Y/>"),
        (b"<script><!--> <script> </script><a href=X/>", b"<script><!--> <script> </script><a href=Y/>"),
    ],
)
def test_what_a_place_is_depends_on_what_was_before(page: bytes, public: bytes) -> None:
    """In one piece and byte by byte."""
    kb = INTERNAL + b"/kb"

    def table(url: bytes) -> bytes:
        return b"https://kb.example.com" if url == kb else to_public(url)

    page, public = (text.replace(b"X", INTERNAL).replace(b"Y", PUBLIC) for text in (page, public))
    for pieces in ([page], [bytes([byte]) for byte in page]):
        translator = HtmlTranslator(Links(table, [b"kb"]), WantedAttributes(), paths=True)
        assert run(translator, b"<a href=%b/x>" % INTERNAL, *pieces) == b"<a href=%b/x>" % PUBLIC + public


@pytest.mark.parametrize(
    "page", [b"<title>%bX</title>X", b"<script>%b</script>X", b"<!--%b-->X", b"<script><!--%b<script></script>X--></script>X",
             b"<script type=text/html>%bX<a </script>X"]
)
def test_an_end_is_found_wherever_it_is_cut(page: bytes) -> None:
    """Of titles, scripts and comments."""
    page = (page % (b"x" * 50)).replace(b"X", b"<a href=%b/>" % INTERNAL)
    whole = translated(page, WantedAttributes())
    for place in range(len(page)):
        assert run(HtmlTranslator(links(), WantedAttributes()), page[:place], page[place:]) == whole


_PIECES = st.sampled_from([
    b"<", b">", b"/", b"=", b'"', b"'", b" ", b"\n", b"<a ", b"<A\t", b"href=", b'href="', b"src='", b'style="', b"url(",
    b"&amp;", b"&#x2f;", b"<!--", b"-->", b"--!>", b"<![CDATA[", b"]]>", b"<!doctype ", b"<script", b"<script>", b"</script>",
    b"<style>", b"</style>", b"<title>", b"</title>", b"<svg>", b"</svg>", b"<img ", b"srcset=", b"<p ", b"</p>", b"text",
    b"\xc3\xa4\xff", b"/*", b"*/", b"\\", INTERNAL, INTERNAL + b"/", INTERNAL[5:], b"/old/", b"?q#f", b"http:", b"//",
    b"<script type=text/html>", b"<?xml-stylesheet ", b"@import '", b"<meta ", b'content="3;url=', b"integrity=x ",
])
PAGES = st.lists(_PIECES, max_size=30).map(b"".join)


@settings(max_examples=400)
@given(PAGES, PLACES, st.booleans())
def test_cutting_does_not_matter(page: bytes, places: list[int], xml: bool) -> None:
    """However the page arrives, the same bytes leave."""
    whole = translated(page, xml=xml)
    assert run(HtmlTranslator(links(), EVERYTHING, paths=True, xml=xml), *cuts(page, places)) == whole


def _without_urls(text: bytes) -> bytes:
    for url in (INTERNAL, PUBLIC, INTERNAL[5:], PUBLIC[6:]):
        text = text.replace(url, b"")
    return re.sub(rb"/(?:old|new)/|&#x2f;|&amp;|/", b"", text)


@settings(max_examples=400)
@given(PAGES.map(lambda page: page.replace(b"integrity=x ", b"")))
def test_only_urls_change(page: bytes) -> None:
    """What is between them is what it was, byte for byte."""
    assert _without_urls(translated(page)) == _without_urls(page)


@settings(max_examples=300)
@given(PAGES.map(lambda page: page.replace(INTERNAL, b"http://elsewhere").replace(INTERNAL[5:], b"//x")
                 .replace(b"/old/", b"/o/").replace(b"integrity", b"i")))
def test_a_page_without_our_urls_stays(page: bytes) -> None:
    """Where nothing is to be translated, the output is the input."""
    assert translated(page) == page


class _Attributes(HTMLParser):
    """What Python's own parser sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [(tag, name, value) for name, value in attrs]


_NAMES = st.sampled_from([*sorted(set(TAGS) - {b"script", b"iframe"}), b"p", b"span"])
_QUIET = st.sampled_from([b"a", b"b c", b"1=2", b"", b"<p>", b"it's", b"x > y"])


@given(st.lists(st.tuples(_NAMES, st.sampled_from([b"href", b"src", b"action", b"title", b"class"]),
                          st.one_of(_QUIET, st.just(INTERNAL + b"/x"))), max_size=8))
def test_another_parser_sees_the_public_urls(tags: list[tuple[bytes, bytes, bytes]]) -> None:
    """Attributes as an independent parser reads them differ where the table says so, and nowhere else."""
    page = b"".join(b'<%b id="i" %b="%b"></%b>' % (tag, name, value, tag) for tag, name, value in tags)
    before, after = _Attributes(), _Attributes()
    before.feed(page.decode())
    after.feed(translated(page, WantedAttributes(css=False)).decode())

    def wanted(tag: str, name: str, value: str | None) -> str | None:
        kind = TAGS.get(tag.encode(), {}).get(name.encode())
        return value.replace(INTERNAL.decode(), PUBLIC.decode()) if kind is Holds.URL and value else value

    assert after.seen == [(tag, name, wanted(tag, name, value)) for tag, name, value in before.seen]


def test_no_more_urls_of_one_value_are_looked_at_than_the_bound() -> None:
    """What follows them stays; nor is a page in an attribute read that has more ampersands than references fit."""
    page = b"<a ping='" + b"/ " * 1_001 + b"'>"
    inner = HtmlTranslator(Links(lambda url: b"/new" + url), WantedAttributes(), paths=True)
    assert inner.feed(page) == b"<a ping='" + b"/new/ " * 1_000 + b"/ '>"
    for count, read in ((4_096, True), (4_097, False)):
        inner = HtmlTranslator(Links(lambda url: b"/new" + url), WantedAttributes(), paths=True)
        page = b"<iframe srcdoc='<a href=/>" + b"&" * count + b"'>"
        assert (b"/new/" in inner.feed(page)) is read
