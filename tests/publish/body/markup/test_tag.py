"""One start tag: its attributes, and what becomes of them."""

from __future__ import annotations

import pytest

from appproxy.publish.body.markup.tag import WantedAttributes, attributes, changes, value_of
from tests.publish.body.fakes import INTERNAL, PUBLIC, links

EVERYTHING = WantedAttributes(css=True, script=True)
NEITHER = WantedAttributes(css=False)


def became(name: bytes, inside: bytes, wanted: WantedAttributes = EVERYTHING) -> bytes:
    """What is between the name of a tag and its end, as users get it; `X` is internal, and `Y` public."""
    page = b"<%b%b>" % (name, inside.replace(b"X", INTERNAL))
    out, done = b"", 1 + len(name)
    for start, end, public in changes(links(), wanted, name, page, done, len(page) - 1, lambda raw, quote: b"(%b%b)" % (quote,
        raw)):
        assert start >= done, "in order"
        out += page[done:start] + public
        done = end
    return (out + page[done:-1]).replace(PUBLIC, b"Y").replace(INTERNAL, b"X")


@pytest.mark.parametrize(("inside", "found"), [
    (b"", []), (b" a", [(b"a", b"", b"a")]), (b" A='x' b=\"y\" c=z", [(b"a", b"x", b"A='x'"), (b"b", b"y", b'b="y"'), (b"c",
    b"z", b"c=z")]),
    (b" a = x / b", [(b"a", b"x", b"a = x"), (b"b", b"", b"b")]), (b" a=''", [(b"a", b"", b"a=''")]), (b" a=",
    [(b"a", b"", b"a=")]),
    (b" =a=b", [(b"=a", b"b", b"=a=b")]), (b" a='x'b=y", [(b"a", b"x", b"a='x'"), (b"b", b"y", b"b=y")]),
])
def test_attributes_as_browsers_read_them(inside: bytes, found: list[tuple[bytes, bytes, bytes]]) -> None:
    """Names in small letters; where each stands, and where its value does."""
    page = b"<p" + inside + b">"
    read = attributes(page, 2, len(page) - 1)
    assert read is not None
    assert [(name, page[value:last], page[first:after]) for name, first, after, value, last in read] == found


def test_a_tag_has_so_many() -> None:
    """One with more passes as it is."""
    for number, is_read in ((1000, True), (1001, False)):
        page = b"<a" + b" x" * (number - 1) + b" href=%b/>" % INTERNAL
        assert (attributes(page, 2, len(page) - 1) is not None) is is_read
        found = changes(links(), EVERYTHING, b"a", page, 2, len(page) - 1, lambda raw, quote: None)
        assert bool(found) is is_read


def test_the_first_of_a_name_counts() -> None:
    """Also for whoever asks for one (HTML section 13.2.5.33)."""
    assert became(b"a", b" href=X/1 HREF=X/2") == b" href=Y/1 HREF=X/2"
    assert became(b"a", b" href='' href=X/2") == b" href='' href=X/2"
    page = b"<a rel=x Rel=y>"
    read = attributes(page, 2, len(page) - 1)
    assert read is not None and value_of(read, page, b"rel") == b"x" and value_of(read, page, b"id") is None


@pytest.mark.parametrize(("name", "before", "after"), [
    (b"a", b" href=X/ ping='X/a X/b' title=X/", b" href=Y/ ping='Y/a Y/b' title=X/"),
    (b"img", b" srcset='X/a 1x, X/b 2x'", b" srcset='Y/a 1x, Y/b 2x'"),
    (b"p", b" style='background:url(X/a)'", b" style='background:url(Y/a)'"),
    (b"meta", b" http-equiv=refresh content='1; url=X/'", b" http-equiv=refresh content='1; url=Y/'"),
    (b"meta", b" http-equiv=' Content-Security-Policy ' content='img-src X'",
     b" http-equiv=' Content-Security-Policy ' content='img-src Y'"),
    (b"meta", b" http-equiv=Content-Security-Policy content=\"default-src 'self'\"",
     b" http-equiv=Content-Security-Policy content=\"default-src 'self'\""),
    (b"iframe", b" srcdoc='a' src=X/", b" srcdoc='('a)' src=Y/"), (b"iframe", b' srcdoc="a"', b' srcdoc="("a)"'),
    (b"iframe", b" srcdoc=a src=X/", b" srcdoc=(a) src=Y/"),
])
def test_each_kind_of_value(name: bytes, before: bytes, after: bytes) -> None:
    """In its own way; a page in an attribute knows its quote."""
    assert became(name, before) == after


def test_styles_are_translated_where_they_are_wanted() -> None:
    """And not where the page's policy has hashes of them."""
    text = b" style='background:url(X/a)'"
    assert became(b"p", text, NEITHER) == became(b"p", text, WantedAttributes(inline=False)) == text


@pytest.mark.parametrize(("name", "wanted", "goes"), [
    (b"script", EVERYTHING, True), (b"script", WantedAttributes(css=True), False), (b"link", WantedAttributes(css=True), True),
    (b"link", WantedAttributes(css=False, script=True), True), (b"link", NEITHER, False), (b"img", EVERYTHING, False)])
def test_a_hash_of_what_we_translate_is_no_longer_true(name: bytes, wanted: WantedAttributes, goes: bool) -> None:
    """So it goes, each time that it is said; of what is left alone it stays."""
    at = b"href" if name == b"link" else b"src"
    inside = b" integrity=a %b=X/ integrity='b' x" % at
    assert became(name, inside, wanted) == (b"  %b=Y/  x" % at if goes else inside.replace(b"X", b"Y"))


@pytest.mark.parametrize(("url", "goes"), [
    (b"X/a.js", True), (b"a.js", True), (b"/a.js", True), (b"https://cdn.example/a.js", False), (b"//cdn.example/a.js", False),
    (b"' \n//cdn.example/a.js'", False), (b"data:text/javascript,", False), (b"' a/b:c'", True), (b"1a:b", True)])
def test_a_hash_of_what_is_somebody_elses_stays(url: bytes, goes: bool) -> None:
    """It is not translated."""
    assert (b"integrity" in became(b"script", b" integrity=x src=" + url)) is not goes
