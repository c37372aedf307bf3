"""Which URLs an application may have."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.application_urls import Place, check_external, check_internal

PLAIN = Place("example.com", 443)
ODD = Place("example.com", 8443)


@pytest.mark.parametrize(
    ("text", "place", "url"),
    [
        ("https://wiki.example.com", PLAIN, "https://wiki.example.com/"),
        ("https://WIKI.Example.com:443/a", PLAIN, "https://wiki.example.com/a/"),
        ("https://wiki.example.com/", ODD, "https://wiki.example.com:8443/"),
        ("https://wiki.example.com:8443/", ODD, "https://wiki.example.com:8443/"),
        ("https://example.com/wiki/", PLAIN, "https://example.com/wiki/"),
    ],
)
def test_external_urls(text: str, place: Place, url: str) -> None:
    """The service's port is filled in when the admin left it out."""
    assert str(check_external(text, place)) == url


@pytest.mark.parametrize(
    ("text", "place", "mend"),
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
        ("https://*.example.com/", PLAIN, "not a host name"),
        ("https://-a.example.com/", PLAIN, "not a host name"),
        ("https://wiki.example.com/.appproxy/x", PLAIN, "belongs to the service"),
        ("https://wiki.example.com/.appproxy", PLAIN, "belongs to the service"),
        ("https://wiki.example.com/" + "a" * 600, PLAIN, "at most 512"),
        ("wiki", PLAIN, "must start with"),
    ],
)
def test_external_urls_that_are_refused(text: str, place: Place, mend: str) -> None:
    """Each refusal says what to write instead."""
    with pytest.raises(ConfigError, match=f"^external: .*{mend}"):
        check_external(text, place)


@pytest.mark.parametrize("text", ["http://wiki", "http://10.0.0.1:8000/x", "https://[::1]/", "http://signin.example.com"])
def test_internal_urls(text: str) -> None:
    """The connector may call anything that it can reach."""
    assert check_internal(text).path.endswith("/")


@pytest.mark.parametrize("text", ["ftp://wiki/", "http://*.wiki/", "http://wiki/?a", "wiki", "http://wiki/" + "a" * 600])
def test_internal_urls_that_are_refused(text: str) -> None:
    """The key is named."""
    with pytest.raises(ConfigError, match="^internal: "):
        check_internal(text)


def test_origins_of_the_service() -> None:
    """The port is written only when it is not HTTPS's own."""
    assert PLAIN.origin("signin") == "https://signin.example.com"
    assert ODD.origin("signin") == "https://signin.example.com:8443"
