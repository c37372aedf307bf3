"""What the listener without TLS answers."""

from __future__ import annotations

import pytest

from appproxy.branding import PLAIN
from appproxy.errors import Code
from appproxy.publish.application import Application, Preauthentication, Url
from appproxy.publish.routing import Router
from appproxy.service.dispatch.plain import PlainDispatcher, StrayDispatcher
from appproxy.store.snapshot import AcmeChallenge, Snapshot
from tests.service.exchanges import FakeExchange, head_for

WIKI = Application(
    "1", "wiki", Url.parse("https://wiki.example.com/", "x"), Url.parse("http://wiki/", "x"),
    Preauthentication.PASSTHROUGH, "default", "builtin")
PROOF = AcmeChallenge("http-01", "new.example.org", "tok_en-1", "tok_en-1.print")
OTHER = AcmeChallenge("tls-alpn-01", "new.example.org", "other", "other.print")


def ask(url: str, method: bytes = b"GET") -> FakeExchange:
    """The answer to a request without TLS."""
    snapshot = Snapshot(1, {}, Router([WIKI]), {}, {}, {}, (), (), challenges=(PROOF, OTHER))
    exchange = FakeExchange(head_for(url, method), scheme="http")
    PlainDispatcher(lambda: snapshot, ":8443", {"signin.example.com"})(exchange)
    return exchange


def test_an_authority_gets_its_answer() -> None:
    """For the host and token in question; the query does not matter."""
    answer = ask("http://new.example.org/.well-known/acme-challenge/tok_en-1")
    assert (answer.status, answer.content) == (200, b"tok_en-1.print")
    assert answer.field(b"content-type") == b"application/octet-stream"


@pytest.mark.parametrize("url", [
    "http://new.example.org/.well-known/acme-challenge/other", "http://new.example.org/.well-known/acme-challenge/",
    "http://new.example.org/.well-known/acme-challenge/tok_en-1/", "http://else.example.org/.well-known/acme-challenge/tok_en-1",
    "http://new.example.org/", "http://192.0.2.1/"])
def test_nobody_gets_more(url: str) -> None:
    """One constant page, which leads nowhere, for hosts that are not ours."""
    answer = ask(url)
    assert answer.status == 404 and answer.field(b"location") is None and b"example.org" not in answer.content


@pytest.mark.parametrize(("url", "location"), [
    ("http://wiki.example.com/a?b=c", b"https://wiki.example.com:8443/a?b=c"),
    ("http://wiki.example.com:80/", b"https://wiki.example.com:8443/"),
    ("http://signin.example.com//evil.example/", b"https://signin.example.com:8443//evil.example/"),
    ("http://wiki.example.com/.well-known/acme-challenge/none", b"https://wiki.example.com:8443/.well-known/acme-challenge/none"),
])
def test_our_hosts_are_reached_by_https(url: str, location: bytes) -> None:
    """Same host, same path; the method stays what it was."""
    answer = ask(url, b"POST")
    assert (answer.status, answer.field(b"location")) == (308, location)


def stray(url: str, method: bytes = b"GET") -> FakeExchange:
    """The answer to HTTP without TLS at the port for HTTPS."""
    snapshot = Snapshot(1, {}, Router([WIKI]), {}, {}, {}, (), (), challenges=(PROOF,))
    exchange = FakeExchange(head_for(url, method), scheme="http")
    StrayDispatcher(PlainDispatcher(lambda: snapshot, ":8443", {"signin.example.com"}), lambda: PLAIN)(exchange)
    return exchange


def test_whoever_forgot_the_s() -> None:
    """Is sent to the same URL under https."""
    answer = stray("http://wiki.example.com:8443/a?b=c", b"POST")
    assert (answer.status, answer.field(b"location")) == (308, b"https://wiki.example.com:8443/a?b=c")


def test_whoever_forgot_it_for_no_host_of_ours() -> None:
    """Is told so: without a host there is no way to send anybody."""
    answer = stray("http://192.0.2.1:8443/")
    assert (answer.status, answer.failure) == (400, Code.BAD_REQUEST)
    assert b"https://" in answer.content and answer.field(b"location") is None


def test_a_malformed_request_without_tls() -> None:
    """Is told the same, as JSON where it asks for that."""
    entrance = StrayDispatcher(PlainDispatcher(lambda: Snapshot(1, {}, Router([]), {}, {}, {}, (), ()), "", ()), lambda: PLAIN)
    status, _, body = entrance.refusal(Code.VERSION_NOT_SUPPORTED, "0" * 32, b"application/json")
    assert status == 505 and b"use https://" in body
