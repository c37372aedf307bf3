"""The Host field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.host import parse_host, port_of


@pytest.mark.parametrize(("authority", "host"), [
    (b"wiki.example.com", "wiki.example.com"), (b"WIKI.Example.com:8443", "wiki.example.com"),
    (b"wiki.example.com.", "wiki.example.com"), (b"wiki.example.com.:443", "wiki.example.com"),
    (b"localhost", "localhost"), (b"a_b.example", "a_b.example"), (b"xn--bcher-kva.example", "xn--bcher-kva.example"),
    (b"192.0.2.1:80", "192.0.2.1"), (b"[::1]", "::1"), (b"[2001:DB8:0::1]:443", "2001:db8::1"), (b"a:65535", "a")])
def test_hosts_are_brought_to_one_form(authority: bytes, host: str) -> None:
    """Lower case, without port, last dot and brackets; addresses in their short form."""
    assert parse_host(authority) == host


@pytest.mark.parametrize("authority", [
    b"", b".", b":443", b"..", b"a..b", b".a", b"a..", b"user@a", b"a/b", b"a b", b"a,b", b"a,", b",a", b"a#b", b"a?b",
    b"a\\b", b"a%41", b"a:x", b":", b"a::", b"a:-1", b"a:+1", b"a:1:2", b"a:65536", b"a:100000", b"[::1", b"::1", b"[::1]x",
    b"[x]", b"[]",
    b"[::1%eth0]", b"[fe80:::1]", b"a\x00b", b"b\xfccher.example", "bücher.example".encode(), b"a;b", b"a'b", b"(a)",
    b"a" * 64, b"a." * 140, b"a\n", b"a\r\n"])
def test_ambiguous_hosts_are_refused(authority: bytes) -> None:
    """No user, path, list, escape, blank, control character or empty label, and a port is a number."""
    with pytest.raises(ValueError):
        parse_host(authority)


@pytest.mark.parametrize(("authority", "port"), [
    (b"a", None), (b"a:", None), (b"a:80", 80), (b"a:0080", 80), (b"[::1]", None), (b"[::1]:", None), (b"[::1]:8443", 8443),
    (b"[::1:80]", None)])
def test_the_port(authority: bytes, port: int | None) -> None:
    """None where there is none, or an empty one (RFC 3986 section 3.2.3)."""
    assert port_of(authority) == port


@given(st.binary(max_size=30))
@settings(max_examples=200)
def test_whatever_passes_is_a_name(authority: bytes) -> None:
    """Any bytes are refused, or give a non-empty lower-case name of letters, digits and few signs."""
    try:
        host = parse_host(authority)
    except ValueError:
        return
    assert host and host == host.lower() and not host.endswith(".")
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.:")
