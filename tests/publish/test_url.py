"""URLs as admins write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.publish.url import Url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://wiki.example.com", Url("https", "wiki.example.com", 443)),
        ("http://Wiki.Example.com.:8080/a/b", Url("http", "wiki.example.com", 8080, "/a/b/")),
        ("http://[2001:db8::1]/", Url("http", "2001:db8::1", 80)),
    ],
)
def test_reads_what_admins_write(text: str, url: Url) -> None:
    """A missing port is the scheme's own, a missing last slash is added, names are lower case."""
    assert Url.parse(text) == url


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("wiki.example.com", "http:// or https://"),
        ("ftp://wiki.example.com", "http:// or https://"),
        ("https://", "names no host"),
        ("https://u@wiki.example.com/", "no user name"),
        ("https://wiki.example.com/?a=b", "query"),
        ("https://wiki.example.com/?", "query"),
        ("https://wiki.example.com/#a", "fragment"),
        ("https://wiki.example.com:0/", "port 0"),
        ("https://wiki.example.com:99999/", "not a URL"),
        ("https://wiki.example.com/a/../b", "segment"),
        ("https://wiki.example.com//", "segment"),
        ("https://wiki.example.com/a b", "space"),
        ("https://wiki.example.com\\a", "backslash"),
    ],
)
def test_refuses_with_the_mend(text: str, hint: str) -> None:
    """Each refusal says what is wrong, and which setting it was."""
    with pytest.raises(ConfigError, match="internal: ") as caught:
        Url.parse(text, "internal")
    assert hint in str(caught.value)


def test_is_written_as_it_is_read() -> None:
    """The port is left out where it is the scheme's own."""
    assert str(Url.parse("https://wiki.example.com:443/x")) == "https://wiki.example.com/x/"
    assert Url.parse("http://[2001:db8::1]:8080").authority == "[2001:db8::1]:8080"


def test_a_wildcard_is_many_hosts() -> None:
    """What it stands for goes in its place; the rest stays."""
    wild = Url.parse("https://*.example.com:8443/a/")
    assert wild.is_wildcard and wild.suffix == ".example.com" and not Url.parse("https://a.example.com").is_wildcard
    assert str(wild.on("b.example.com")) == "https://b.example.com:8443/a/"
    assert wild.origin == "https://*.example.com:8443"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is typed: a URL that reads back as itself, or a ConfigError."""
    try:
        url = Url.parse("http://" + text)
    except ConfigError:
        return
    assert Url.parse(str(url)) == url


@pytest.mark.parametrize(("text", "ascii"), [
    ("https://bücher.example.com/", "xn--bcher-kva.example.com"),
    ("https://BÜCHER.example.com:8443/a", "xn--bcher-kva.example.com"),
    ("https://*.bücher.example.com/", "*.xn--bcher-kva.example.com"), ("https://straße.example/", "xn--strae-oqa.example"),
    ("https://例え.テスト/", "xn--r8jz45g.xn--zckzah")])
def test_names_beyond_ascii_are_told_in_the_form_that_dns_has(text: str, ascii: str) -> None:
    """So that it can be copied."""
    with pytest.raises(ConfigError, match=f"(?s)^external: .*ASCII form, {re.escape(ascii)}, as DNS"):
        Url.parse(text, "external")


@pytest.mark.parametrize("text", ["https://\u2028.example/", "https://a.example/ü", "https://ü" + "x" * 70 + ".example/"])
def test_what_has_no_such_form(text: str) -> None:
    """It is refused as before."""
    with pytest.raises(ConfigError, match="a URL cannot have"):
        Url.parse(text, "external")
