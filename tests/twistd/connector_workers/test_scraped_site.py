"""The paths of a connector's parent."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from appproxy.twistd.connector_workers.scraped_site import scraped_site


class Scrape:
    """Tells when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Deferred[str]] = []

    def page(self) -> Deferred[str]:
        """Of all workers."""
        self.asked.append(Deferred())
        return self.asked[-1]


def ask(scrape: Any, path: bytes, why_not: str = "") -> tuple[Request, DummyChannel]:
    """One GET."""
    channel = DummyChannel()
    channel.site = scraped_site(scrape, lambda: why_not, Clock())
    request = Request(channel)
    request.gotLength(0)
    request.site = channel.site
    request.requestReceived(b"GET", path, b"HTTP/1.1")
    return request, channel


def test_metrics_are_answered_when_the_workers_have() -> None:
    """With the type that Prometheus wants."""
    scrape = Scrape()
    request, channel = ask(scrape, b"/metrics")
    assert not request.finished
    scrape.asked[0].callback("up 1\n")
    assert request.finished and b"up 1\n" in channel.transport.written.getvalue()
    assert b"text/plain; version=0.0.4" in channel.transport.written.getvalue()


def test_who_has_left_is_not_answered() -> None:
    """A scraper's patience may be shorter than a worker's."""
    scrape = Scrape()
    request, channel = ask(scrape, b"/metrics")
    request.connectionLost(Failure(ConnectionLost()))
    scrape.asked[0].callback("up 1\n")
    assert channel.transport.written.getvalue() == b""


def test_live_and_ready() -> None:
    """Ready while any worker serves."""
    assert b"\r\n\r\nok\n" in ask(Scrape(), b"/live")[1].transport.written.getvalue()
    assert ask(Scrape(), b"/ready")[0].code == 200
    assert ask(Scrape(), b"/ready", "draining")[0].code == 503
