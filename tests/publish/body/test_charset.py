"""Which bytes are which characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.body.charset import Decoded, charset_of, has_ascii, is_utf_16
from appproxy.publish.body.markup.html import HtmlTranslator
from appproxy.publish.body.markup.tag import WantedAttributes
from tests.publish.body.fakes import INTERNAL, PLACES, PUBLIC, cuts, links, run

LONG = "\u2014\U0001f600x" * 20
PAGE = f"<title>{LONG}</title><p title='Gr\u00fc\u00dfe \U0001f600'>\u2014</p><a href='{INTERNAL.decode()}/\u00e4'>"


def translator(charset: str = "") -> Decoded:
    """Of a page with this charset in its field."""
    return Decoded(HtmlTranslator(links(), WantedAttributes()), charset)


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-8859-1", "windows-1252", "shift_jis", "gbk", "big5", "euc-kr", "koi8-r", "x-who-knows"]
)
def test_charsets_that_contain_ascii_need_no_decoding(charset: str) -> None:
    """Their bytes are looked at as they are."""
    assert has_ascii(charset)


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "utf-32", "cp037", "hz", "base64"])
def test_others_are_known_as_such(charset: str) -> None:
    """UTF-16 is read; the rest is not touched."""
    assert not has_ascii(charset)
    assert is_utf_16(charset) == (charset == "utf-16")


@pytest.mark.parametrize(
    ("field", "charset"),
    [(b"text/html", ""), (b"text/html; charset=UTF-8", "utf-8"), (b'text/html;x=y; Charset = "big5"', "big5"),
     (b"text/html;charset=", "")],
)
def test_the_field_tells(field: bytes, charset: str) -> None:
    """In any case, with quotes or without."""
    assert charset_of(field) == charset


@given(PLACES, st.sampled_from([("utf-16-le", "utf-16le", b""), ("utf-16-be", "utf-16be", b""), ("utf-16-le", "utf-16", b""),
                                ("utf-16-le", "", b"\xff\xfe"), ("utf-16-be", "utf-8", b"\xfe\xff"), ("utf-8", "", b""),
                                ("utf-8", "utf-16", b"\xef\xbb\xbf")]))
def test_a_page_is_translated_in_its_charset(places: list[int], kind: tuple[str, str, bytes]) -> None:
    """The byte order mark before the field; however it is cut."""
    codec, charset, mark = kind
    page = mark + PAGE.encode(codec)
    public = mark + PAGE.replace(INTERNAL.decode(), PUBLIC.decode()).encode(codec)
    assert run(translator(charset), *cuts(page, places)) == public


@given(st.binary(max_size=40), PLACES, st.sampled_from(["", "utf-16le", "utf-16be"]))
def test_bytes_that_are_no_text_stay(data: bytes, places: list[int], charset: str) -> None:
    """Half characters and odd bytes, at the end too."""
    assert run(translator(charset), *cuts(data, places)) == data


def test_nothing_behind_an_escape_is_touched() -> None:
    """In ISO-2022-JP it turns ASCII bytes into others."""
    before, after = b"<a href=%b/>" % INTERNAL, b"\x1b$B<a href=%b/>" % INTERNAL
    assert run(translator(), before + after[:4], after[4:] + before) == b"<a href=%b/>" % PUBLIC + after + before


def test_a_byte_order_mark_may_be_cut() -> None:
    """One byte alone decides nothing."""
    page = b"\xff\xfe" + PAGE.encode("utf-16-le")
    public = b"\xff\xfe" + PAGE.replace(INTERNAL.decode(), PUBLIC.decode()).encode("utf-16-le")
    assert run(translator(), page[:1], page[1:]) == public
