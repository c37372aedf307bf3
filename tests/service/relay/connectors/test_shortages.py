"""Who met a limit that all share is named, and named seldom."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.errors import Code
from appproxy.service.relay.connectors.shortages import Shortages
from tests.service.exchanges import FakeExchange, head_for


def met(shortages: Shortages, *, subject: str = "", client: str = "192.0.2.7", code: Code = Code.SHARE_EXCEEDED,
        application: str = "wiki") -> None:
    exchange = FakeExchange(
        head_for("https://wiki.example.com/"), subject=subject, client=client, application=application, detail="why")
    shortages.note(exchange, code)


def test_user_application_and_limit_are_named_once_a_minute() -> None:
    """The subject of who is signed in, else the address."""
    clock = Clock()
    shortages = Shortages(clock)
    with capturedLogs() as events:
        for _ in range(3):
            met(shortages)
        met(shortages, subject="ann")
        clock.advance(60.0)
        met(shortages)
    assert [(event["who"], event["application"], event["code"], event["count"]) for event in events] == [
        ("192.0.2.7", "wiki", "SHARE_EXCEEDED", 1), ("ann", "wiki", "SHARE_EXCEEDED", 1),
        ("192.0.2.7", "wiki", "SHARE_EXCEEDED", 4),
    ]
    assert shortages.counts == {("wiki", Code.SHARE_EXCEEDED): 5}


def test_the_doctor_hears_of_the_latest() -> None:
    """Those of the last seconds that it asks for."""
    clock = Clock()
    shortages = Shortages(clock)
    met(shortages)
    clock.advance(10.0)
    met(shortages, subject="ann", code=Code.GAVE_WAY)
    clock.advance(5.0)
    assert [(one["who"], one["limit"], one["seconds_ago"]) for one in shortages.recent(12.0)] == [("ann", "GAVE_WAY", 5.0)]
    assert [one["who"] for one in shortages.recent(60.0)] == ["ann", "192.0.2.7"]


def test_memory_is_bounded() -> None:
    """However many addresses and applications there are."""
    shortages = Shortages(Clock())
    for number in range(1100):
        met(shortages, client=f"client {number}", application=f"application {number}")
    assert len(shortages.recent(1.0)) == 256
    assert len(shortages.counts) <= 1001 and shortages.counts[("other", Code.SHARE_EXCEEDED)] == 100
