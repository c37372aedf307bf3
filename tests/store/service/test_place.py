"""Which URLs an application may have."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.publish.application import Url
from appproxy.store.service.place import PublicAddress, check_external, check_internal, check_pair

PLAIN = PublicAddress("example.com", 443)
ODD = PublicAddress("example.com", 8443)


@pytest.mark.parametrize(
    ("text", "place", "url"),
    [
        ("https://wiki.example.com", PLAIN, "https://wiki.example.com/"),
        ("https://WIKI.Example.com:443/a", PLAIN, "https://wiki.example.com/a/"),
        ("https://wiki.example.com/", ODD, "https://wiki.example.com:8443/"),
        ("https://wiki.example.com:8443/", ODD, "https://wiki.example.com:8443/"),
        ("https://*.Example.com/a", ODD, "https://*.example.com:8443/a/"),
        ("https://example.com/wiki/", PLAIN, "https://example.com/wiki/"),
    ],
)
def test_external_urls(text: str, place: PublicAddress, url: str) -> None:
    """The service's port is filled in when the admin left it out."""
    assert str(check_external(text, place)) == url


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("http://wiki.example.com/", PLAIN, "must start with https://"),
        ("https://wiki.example.com:8443/", PLAIN, "on port 443; leave the port out"),
        ("https://wiki.example.com:443/", ODD, "on port 8443; leave the port out"),
        ("https://wiki.example.org/", PLAIN, "not below example.com.*use NAME.example.com"),
        ("https://wikiexample.com/", PLAIN, "not below example.com"),
        ("https://a.b.example.com/", PLAIN, "use a-b.example.com"),
        ("https://signin.example.com/", PLAIN, "the service's own"),
        ("https://APPS.example.com/x", PLAIN, "the service's own"),
        ("https://connect.example.com/", PLAIN, "the service's own"),
        ("https://a.*.example.com/", PLAIN, "not a host name"),
        ("https://*a.example.com/", PLAIN, "not a host name"),
        ("https://*/", PLAIN, "not a host name"),
        ("https://*.lab.example.com/", PLAIN, "covers one name below example.com; add a certificate for"),
        ("https://*.example.org/", PLAIN, "not below example.com"),
        ("https://wiki.example.com/.AppProxy/x", PLAIN, "belongs to the service"),
        ("https://wiki.example.com/a;b/", PLAIN, "more than one way"),
        ("https://wiki.example.com/a%2fb/", PLAIN, "more than one way"),
        ("https://-a.example.com/", PLAIN, "not a host name"),
        ("https://wiki.example.com/.appproxy/x", PLAIN, "belongs to the service"),
        ("https://wiki.example.com/.appproxy", PLAIN, "belongs to the service"),
        ("https://wiki.example.com/" + "a" * 600, PLAIN, "at most 512"),
        ("wiki", PLAIN, "must start with"),
    ],
)
def test_external_urls_that_are_refused(text: str, place: PublicAddress, hint: str) -> None:
    """Each refusal says what to write instead."""
    with pytest.raises(ConfigError, match=f"^external: .*{hint}"):
        check_external(text, place)


@pytest.mark.parametrize("text", ["http://wiki", "http://10.0.0.1:8000/x", "https://[::1]/", "http://signin.example.com"])
def test_internal_urls(text: str) -> None:
    """The connector may call anything that it can reach."""
    assert check_internal(text).path.endswith("/")


@pytest.mark.parametrize(
    "text",
    ["ftp://wiki/", "http://a.*.wiki/", "http://*/", "http://*.0.0.1/", "http://*wiki/", "http://wiki/a;b/",
     "http://wiki/?a", "wiki", "http://wiki/" + "a" * 600],
)
def test_internal_urls_that_are_refused(text: str) -> None:
    """The key is named."""
    with pytest.raises(ConfigError, match="^internal: "):
        check_internal(text)


def test_origins_of_the_service() -> None:
    """The port is written only when it is not HTTPS's own."""
    assert PLAIN.origin("signin") == "https://signin.example.com"
    assert ODD.origin("signin") == "https://signin.example.com:8443"


def test_a_host_that_an_added_certificate_covers() -> None:
    """Also outside the service's domain, and as a wildcard; but never the service's own names."""
    covered = {"wiki.example.org", "*.lab.example.com", "connect.example.com"}.__contains__
    for text in ("https://wiki.example.org/", "https://*.lab.example.com/"):
        assert str(check_external(text, PLAIN, covered)) == text
    with pytest.raises(ConfigError, match="the service's own"):
        check_external("https://connect.example.com/", PLAIN, covered)


@pytest.mark.parametrize("text", ["http://*.corp/", "https://*.a.corp:8443/x/"])
def test_internal_wildcards(text: str) -> None:
    """A star before a domain."""
    assert str(check_internal(text)) == text


def test_wildcards_come_in_pairs() -> None:
    """Either both URLs are wildcards or neither; the refusal says which is not."""
    wild, one = Url.parse("https://*.example.com/"), Url.parse("http://wiki/")
    check_pair(wild, Url.parse("http://*.corp/"))
    check_pair(Url.parse("https://wiki.example.com/"), one)
    with pytest.raises(ConfigError, match="is a wildcard, so http://wiki/ must be one"):
        check_pair(wild, one)
    with pytest.raises(ConfigError, match="both must be, or neither"):
        check_pair(one, Url.parse("http://*.corp/"))
