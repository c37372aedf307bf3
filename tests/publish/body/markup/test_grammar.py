"""HTML's tokenizer as expressions, against one that walks byte by byte through the states of the standard."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appproxy.publish.body.markup.grammar import ATTRIBUTE, CUT_TAG, TAG, any_of, caseless, tokenizer
from appproxy.publish.body.markup.table import FOREIGN, RAW_TEXT

BLANK, QUOTES = b"\t\n\f\r ", b"\"'"
#: A name and a value, in the order of the tag.
Attributes = list[tuple[bytes, bytes]]


def over(page: bytes, at: int, signs: bytes) -> int:
    """The place behind all of these signs."""
    while at < len(page) and page[at] in signs:
        at += 1
    return at


def until(page: bytes, at: int, signs: bytes) -> int:
    """The place of the first of these signs, or the end."""
    while at < len(page) and page[at] not in signs:
        at += 1
    return at


def naive_value(page: bytes, at: int) -> tuple[bytes, int] | None:
    """Behind an equals sign: the value, and where it is over; None where it never is (section 13.2.5.35 to 39)."""
    at = over(page, at, BLANK)
    if at >= len(page):
        return None
    if page[at] not in QUOTES:
        end = until(page, at, BLANK + b">")
        return page[at:end], end
    end = page.find(page[at : at + 1], at + 1)
    return None if end < 0 else (page[at + 1 : end], end + 1)


def naive_tag(page: bytes, place: int) -> tuple[int, Attributes] | None:
    """Of the tag that begins at a place: where it ends, and its attributes (HTML section 13.2.5.8 and 13.2.5.32 to 40).

    None where it never ends.
    """
    at = until(page, place + (2 if page[place + 1 : place + 2] == b"/" else 1), BLANK + b"/>")
    found: Attributes = []
    while (at := over(page, at, BLANK + b"/")) < len(page):  # before attribute name, self-closing start tag
        if page[at] == 0x3E:
            return at + 1, found
        end = until(page, at + 1, BLANK + b"/>=")  # an equals sign may be the first byte of a name
        name, at = page[at:end], over(page, end, BLANK)
        if at >= len(page):
            return None
        if page[at] != 0x3D:  # after attribute name
            found.append((name, b""))
            continue
        value = naive_value(page, at + 1)
        if value is None:
            return None
        found.append((name, value[0]))
        at = value[1]
    return None


def read(page: bytes, start: int, end: int) -> Attributes:
    """The same of what is between a tag's name and its end, by the expression."""
    found: Attributes = []
    match = ATTRIBUTE.match(page, start, end)
    while match is not None:
        last = match.lastindex or 1
        found.append((match[1], b"" if last == 1 else match[last]))
        match = ATTRIBUTE.match(page, match.end(), end)
    return found


pieces = st.sampled_from([
    b"a", b"href", b"=", b"=", b'"', b"'", b"/", b" ", b"\n", b"\r\n", b"\f", b">", b"<", b"&", b"http://x/", b"\xff", b"\0"])
texts = st.lists(pieces, max_size=14).map(b"".join)


@given(st.sampled_from([b"<p", b"</p", b"<A", b"<x-y"]), texts)
def test_a_tag_ends_where_browsers_end_it(begins: bytes, rest: bytes) -> None:
    """Whatever is in it, and not before; its attributes are those that browsers see."""
    page = begins + rest
    expected, found = naive_tag(page, 0), TAG.match(page)
    if expected is None:
        assert found is None
        return
    assert found is not None and found.end() == expected[0]
    assert read(page, *found.span(2)) == expected[1]


@given(st.sampled_from([b"", b" ", b"/"]), texts)
def test_a_tag_that_is_cut(begins: bytes, rest: bytes) -> None:
    """What follows is read as if it went on: what the expression takes ends between attributes, or in the quotes it names."""
    cut = CUT_TAG.match(begins + rest)
    assert cut is not None
    whole, quote = cut[0], cut[1]
    for more in (b" z>", b"' z>", b'" z>'):
        page = b"<p " + whole + more
        alone = naive_tag(page, 0)
        if quote is None and more == b" z>":
            assert alone is not None and alone[1][-1][0].endswith(b"z"), "it ends between two attributes"
        elif quote is not None and more.startswith(quote):
            assert alone is not None and alone[1][-1] == (b"z", b""), "these quotes are the ones that are open"


#: What is of interest: an attribute with an address, in the tags that have one; and much that is not.
names = st.sampled_from([b"p", b"a", b"A", b"img", b"link", b"form", b"area", b"b"])
attributes = st.sampled_from([b"href", b"HREF", b"src", b"title", b"class", b"action", b"x"])
values = st.sampled_from([b"http://in/x", b"//in/x", b"/p", b"x", b"", b"HTTPS://in", b"&#104;ttp://in/", b"in > out", b"a<b"])
blanks = st.sampled_from([b" ", b"  ", b"\n", b"/", b" / ", b"\t"])
quoted = st.tuples(attributes, st.sampled_from([b"=", b" = ", b"=\n"]), values, st.sampled_from([b'"', b"'"])).map(
    lambda parts: parts[0] + parts[1] + parts[3] + parts[2] + parts[3])
plain = st.tuples(attributes, values).filter(lambda parts: parts[1] and not re.search(rb"[ <>]", parts[1])).map(b"=".join)
inside = st.lists(st.tuples(blanks, st.one_of(quoted, plain, attributes)).map(b"".join), max_size=4).map(b"".join)
tags = st.tuples(names, inside, st.sampled_from([b">", b" >", b"/>", b" />"])).map(lambda parts: b"<" + b"".join(parts))
pages = st.lists(st.one_of(tags, st.sampled_from([b"text", b" < ", b"</p>", b"</a href='http://in/'>", b"</>", b"&lt;"])),
                 max_size=6).map(b"".join)
BEGINS = re.compile(rb"(?:https?:|[a-z]*:?/)/|&", re.IGNORECASE)
HOLDERS = {(b"a", b"href"), (b"area", b"href"), (b"link", b"href"), (b"img", b"src"), (b"form", b"action")}


def links_of(page: bytes, paths: bool) -> set[int]:
    """Where tags begin that hold an address to look at."""
    found, at = set(), 0
    while (start := page.find(b"<", at)) >= 0:
        at = start + 1
        if not page[start + 1 : start + 2].isalpha() and not (
                page[start + 1 : start + 2] == b"/" and page[start + 2 : start + 3].isalpha()):
            continue
        tag = naive_tag(page, start)
        if tag is None:
            break
        at = tag[0]
        name = re.match(rb"</?([^\t\n\f\r />]*)", page[start:])[1].lower()  # type: ignore[index]
        first: dict[bytes, bytes] = {}
        for attribute, value in tag[1]:
            first.setdefault(attribute.lower(), value)
        if page[start + 1] != 0x2F and any(
                (name, attribute) in HOLDERS and (BEGINS.match(value) or (paths and value.startswith(b"/")))
                for attribute, value in first.items()):
            found.add(start)
    return found


@example(b"<a href='/p'>", True)
@example(b"<a class=x href=/p title='a > b'>", True)
@example(b"<img src='/p'><area x href=/p>", True)
@example(b"<form action=&#104;ttp://in/>", False)
@given(pages, st.booleans())
def test_no_link_is_walked_over(page: bytes, paths: bool) -> None:
    """It stops at each tag with an address, or behind it with the address in its hands, and never within a tag."""
    scan, place, stops = tokenizer_of(paths), 0, set()
    while (found := scan.match(page, place)) is not None:
        start = found.start(1)
        if found.lastindex is None:
            assert found.end() == len(page) or page[found.end()] == 0x3C
            break
        assert page[start] == 0x3C
        stops.add(start)
        tag = naive_tag(page, start)
        assert tag is not None
        if found.lastindex == 2:
            assert found.end() == tag[0]
            assert dict(reversed([(name.lower(), value) for name, value in tag[1]]))[b"href"].startswith(found[2])
        place = tag[0]
    assert links_of(page, paths) <= stops


TOKENIZERS = {paths: tokenizer(paths) for paths in (False, True)}


def tokenizer_of(paths: bool) -> re.Pattern[bytes]:
    """One that was made before: to compile one takes long."""
    return TOKENIZERS[paths]


@pytest.mark.parametrize("name", sorted(RAW_TEXT | FOREIGN))
def test_what_changes_the_rules_is_always_looked_at(name: bytes) -> None:
    """Behind these the text is no markup, or another one."""
    for page in (b"<%b>" % name, b"<%b x='>' y>" % name.upper(), b"<p>x</p><%b/>" % name):
        found = TOKENIZERS[False].match(page)
        assert found is not None and found.lastindex == 3 and found[3].lower() == name


@given(st.sets(st.text("abcdefghij-1", min_size=1, max_size=4).map(str.encode), min_size=1, max_size=8), st.data())
def test_any_of_these_words(words: set[bytes], data: st.DataObject) -> None:
    """In whatever case, and no other; of two that begin alike the longer one."""
    pattern = re.compile(any_of(words))
    word = data.draw(st.sampled_from(sorted(words)))
    written = bytes(data.draw(st.sampled_from([byte, bytes([byte]).upper()[0]])) for byte in word)
    assert pattern.fullmatch(written)
    other = data.draw(st.text("abcdefghij-1", max_size=5).map(str.encode))
    assert bool(pattern.fullmatch(other)) is (other in words)
    longest = max((one for one in words if (word + b"zz").startswith(one)), key=len)
    found = pattern.match(word + b"zz")
    assert found is not None and found[0] == longest


@pytest.mark.parametrize("word", [b"a.b", b"x*", b"(", b"\xc3\xa9", b"A", b"^", b""])
def test_a_word_is_a_word(word: bytes) -> None:
    """Whatever is in it that means something in an expression. Only small letters stand for both."""
    pattern = re.compile(caseless(word))
    assert pattern.fullmatch(word) and not pattern.fullmatch(word + b"x")
    assert bool(pattern.fullmatch(word.lower())) is (word == word.lower())
