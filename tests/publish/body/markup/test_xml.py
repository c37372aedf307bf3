"""URLs in XML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.markup.xml import xml_translator
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run


def translated(document: bytes) -> bytes:
    """The document as users get it."""
    return run(xml_translator(links()), document)


@pytest.mark.parametrize("document", [
    b"<link>X/a?b=c&amp;d</link>", b"<link>X</link>", b"<loc>\n X/a </loc>", b"<a>see X/b, please</a>", b"<![CDATA[X/]]>",
    b'<?xml-stylesheet type="text/xsl" href="X/a.xsl"?>', b'<atom:link rel="self"\n\thref=\'X/a\'/>',
    b'<svg:image xlink:href="X/a.png"/>', b'<enclosure url="X/a.mp3"/>', b'<m:content m:url="X/"/>',
    b'<soap:address location="X/service"/>', b"<c><![CDATA[<a class=x href=\"X/b\"><img src='X/c'>]]></c>",
    b"<c>&lt;a href=&quot;X/b&quot;&gt;&lt;a href=&apos;X/&apos;", b"<c>href=&#34;X&#34;", b"<a>X/a&#46;b/c</a>",
    b"X/", b"(X/)",
])
def test_addresses_become_public(document: bytes) -> None:
    """Of texts, of HTML in texts, and of attributes that are called so."""
    assert translated(document.replace(b"X", INTERNAL)) == document.replace(b"X", PUBLIC)


@pytest.mark.parametrize("document", [
    b'<a xmlns="X/ns" xmlns:b=\'X/b\' targetNamespace="X/ns" soapAction="X/do" xsi:schemaLocation="X/ns">',
    b'<a myhref="X/" data-src="X/" hrefs="X/" href2="X/" Location="X/">', b'<!DOCTYPE a SYSTEM "X/a.dtd">',
    b"<a>X.evil.example/</a>", b"<a>X@evil.example/</a>", b"<a>X&#46;evil.example/</a>", b"<a>xX/</a>", b"<a>git+X/</a>",
    b"<a>/old/x</a>", b"<a>//wiki.internal:8080/</a>", b"<a>http:</a>", b"<a>http://</a>", b"h", b"href", b'href="', b"url='h",
])
def test_names_and_other_texts_stay(document: bytes) -> None:
    """Namespaces, other hosts, paths, and what is cut."""
    document = document.replace(b"X", INTERNAL)
    assert translated(document) == document


def test_a_feed_is_one_as_before() -> None:
    """Another parser finds the public addresses, and the same names."""
    feed = (b'<rss xmlns:a="%b/ns"><channel><link>%b</link><a:link href="%b/feed"/></channel></rss>' % ((INTERNAL,) * 3))
    tree = ElementTree.fromstring(translated(feed))
    space = "{" + INTERNAL.decode() + "/ns}"
    link, other = tree.find("channel/link"), tree.find(f"channel/{space}link")
    assert link is not None and link.text == PUBLIC.decode()
    assert other is not None and other.get("href") == PUBLIC.decode() + "/feed"


@pytest.mark.parametrize("document", [
    b"<a href='X/a'/>", b'<a b:location="X"/>', b"<a>X/a</a>", b"&quot;X&quot;", b"<a>X/a&#46;b</a>", b"<a>X&#46;b</a>",
    b'<a xmlns="X/"/>', b"wX/ X/"])
def test_it_may_be_cut_anywhere(document: bytes) -> None:
    """In two."""
    document = document.replace(b"X", INTERNAL)
    for place in range(len(document)):
        assert run(xml_translator(links()), document[:place], document[place:]) == translated(document), document[:place]


DOCUMENTS = st.lists(st.sampled_from([
    b"<", b">", b'"', b"'", b"&", b"&amp;", b"&quot;", b"&#46;", b"#x22;", b" ", b":", b"/", b"//", b"href=", b"xhref=",
    b"url", b"=", b"src='", b"loc", b"ation=", b"http", b"https:", b"ws", b"ttp", b"s", b"x", b"]]>", b"\xc3", b"xmlns=",
    INTERNAL, INTERNAL + b"/a", INTERNAL[5:],
]), max_size=15).map(b"".join)


@settings(max_examples=600)
@given(DOCUMENTS, PLACES)
def test_cutting_does_not_matter(document: bytes, places: list[int]) -> None:
    """However the document arrives, the same bytes leave."""
    assert run(xml_translator(links()), *cuts(document, places)) == translated(document)


@given(DOCUMENTS.map(lambda document: document.replace(b"wiki", b"w")))
def test_a_document_without_our_urls_stays(document: bytes) -> None:
    """Where nothing is to be translated, the output is the input."""
    assert translated(document) == document


def test_a_url_too_long_to_be_looked_at_stays_however_it_is_cut() -> None:
    """And what follows it is read again."""
    text = b"<a>%b/%b</a>" % (INTERNAL, b"x" * LONGEST)
    whole = text + b"<a>%b/</a>" % INTERNAL
    assert translated(whole) == text + b"<a>%b/</a>" % PUBLIC
    assert run(xml_translator(links()), *cuts(whole, list(range(0, len(whole), 700)))) == translated(whole)
