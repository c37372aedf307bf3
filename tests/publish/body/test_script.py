"""URLs in JSON and JavaScript."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.publish.body.script import script_translator
from appproxy.publish.body.translator import LONGEST
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run


def translated(script: bytes) -> bytes:
    """The script as users get it."""
    return run(script_translator(links()), script)


@pytest.mark.parametrize(
    "script",
    [
        b'{"a": "X/b?c"}', b"x = 'X' + y", b"`X/${z}`", b'"<a href=\\"X/b\\">"', b'"see X/b, please"',
        b'{"a":"//wiki.internal:8080/b"}',
    ],
)
def test_urls_become_public(script: bytes) -> None:
    """Absolute ones anywhere in a string, those without a scheme at its beginning."""
    script = script.replace(b"X", INTERNAL)
    assert translated(script) == script.replace(INTERNAL, PUBLIC).replace(INTERNAL[5:], PUBLIC[6:])


@pytest.mark.parametrize("slash", [b"\\/", b"\\u002f", b"\\u002F", b"\\x2f"])
def test_slashes_are_spelled_as_before(slash: bytes) -> None:
    """Escapes of JSON and JavaScript."""
    script = b'{"a":"%b"}' % (INTERNAL + b"/a/b").replace(b"/", slash)
    assert translated(script) == b'{"a":"%b"}' % (PUBLIC + b"/a/b").replace(b"/", slash)
    assert json.loads(translated(b'{"a":"http\\u003a\\/\\/wiki.internal:8080\\/b?c"}')) == {"a": "https://wiki.example.com/b?c"}


@pytest.mark.parametrize(
    "script",
    [b"// http://elsewhere/", b'"/old/x"', b"x //wiki.internal:8080/", b'"xhttp://wiki.internal:8080/"', b'"http://wiki.internal:8080.org/"',
     b"h", b"http:", b"http:\\/", b"'//", b"'\\u002f\\u00"],
)
def test_other_text_stays(script: bytes) -> None:
    """Paths, comments, other hosts, and what is cut."""
    assert translated(script) == script


def test_a_url_without_an_end_is_not_held() -> None:
    """What follows it is read again."""
    translator = script_translator(links())
    given = translator.feed(b'"%b/' % INTERNAL) + b"".join(translator.feed(b"x" * 999) for _ in range(100))
    assert len(given) > 99_900 - LONGEST - 1000
    given += translator.feed(b'" "%b/"' % INTERNAL) + translator.finish()
    assert given.endswith(b'" "%b/"' % PUBLIC)


SCRIPTS = st.lists(st.sampled_from([
    b'"', b"'", b"`", b"\\", b"\\/", b"/", b"//", b"\\u002f", b"\\u00", b"http", b":", b"ws", b"https:", b"x", b" ", b"\xc3",
    b"2f",
    INTERNAL, INTERNAL + b"/a", INTERNAL[5:], INTERNAL.replace(b"/", b"\\/"), INTERNAL.replace(b"/", b"\\u002F"),
]), max_size=15).map(b"".join)


@settings(max_examples=400)
@given(SCRIPTS, PLACES)
def test_cutting_does_not_matter(script: bytes, places: list[int]) -> None:
    """However the script arrives, the same bytes leave."""
    assert run(script_translator(links()), *cuts(script, places)) == translated(script)


@given(SCRIPTS.map(lambda script: script.replace(b"wiki", b"w")))
def test_a_script_without_our_urls_stays(script: bytes) -> None:
    """Where nothing is to be translated, the output is the input."""
    assert translated(script) == script


def test_a_url_too_long_to_be_looked_at_stays_however_it_is_cut() -> None:
    """The same in one piece."""
    text = b'"%b/' % INTERNAL + b"x" * LONGEST + b'"'
    assert translated(text) == text
    assert run(script_translator(links()), *cuts(text, list(range(0, len(text), 700)))) == text
