"""Why an application could not be reached: where, and what to change."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from twisted.internet import error
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.reasons import openssl_words, other_scheme, place_name, reason_of

PLAIN = OriginAddress("http", "wiki.corp", 8080)
SECURE = OriginAddress("https", "fd00::7", 8443)


def test_a_place_has_scheme_host_and_port() -> None:
    """Also where the port is the scheme's own; an IPv6 address has its brackets."""
    assert place_name(PLAIN) == "http://wiki.corp:8080"
    assert place_name(SECURE) == "https://[fd00::7]:8443"
    assert (other_scheme(PLAIN), other_scheme(SECURE)) == ("https://wiki.corp:8080/", "http://[fd00::7]:8443/")


@pytest.mark.parametrize("word", ["wrong version number", "packet length too long", "record layer failure"])
def test_https_at_a_plain_port_names_the_setting(word: str) -> None:
    """Whatever OpenSSL calls it."""
    failure = Failure(SSL.Error([("SSL routines", "", word)]))
    assert reason_of(failure, SECURE, True) == (
        "https://[fd00::7]:8443: it answers without TLS; set internal=http://[fd00::7]:8443/"
    )


def test_other_failures_of_tls_say_what_openssl_says() -> None:
    """In words and not as a Python list; the certificate is named by the one who checks it."""
    assert reason_of(Failure(SSL.Error([("SSL routines", "", "tlsv1 alert protocol version")])), SECURE, True) == (
        "https://[fd00::7]:8443: TLS failed: tlsv1 alert protocol version"
    )
    assert reason_of(Failure(SSL.Error([])), SECURE, True).endswith("TLS failed: no reason was given")
    assert openssl_words(SSL.Error("x")) == openssl_words(None) == frozenset()


def test_a_close_in_the_handshake() -> None:
    """What a plain server may do as well."""
    said = reason_of(Failure(error.ConnectionDone()), SECURE, True)
    assert "during the TLS handshake" in said and said.endswith("set internal=http://[fd00::7]:8443/")


def test_everything_else_speaks_for_itself() -> None:
    """Behind the place."""
    assert reason_of(Failure(error.ConnectionRefusedError()), PLAIN, False) == (
        "http://wiki.corp:8080: Connection was refused by other side."
    )


def test_what_the_system_says_is_said_once() -> None:
    """Twisted says it in its own words before."""
    assert reason_of(Failure(error.ConnectionRefusedError(111, "Connection refused")), PLAIN, False) == (
        "http://wiki.corp:8080: Connection refused")


def test_a_reason_that_is_no_number_is_not_looked_up() -> None:
    """Twisted takes anything there."""
    assert "nobody listens" in reason_of(Failure(error.ConnectError("nobody listens")), PLAIN, False)
