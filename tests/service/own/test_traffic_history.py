"""The last hour of requests, and what failed last: bounded, whoever asks for what."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.service.own.metrics import BOUNDS, Traffic
from appproxy.service.own.traffic_history import MINUTES, TrafficHistory, quantile


class Ended:
    """An exchange that is over."""

    def __init__(
        self, application: str, status: int, started: float = 0.0, failure: Code | None = None, target: bytes = b"/"
    ) -> None:
        self.application, self.status, self.started, self.failure = application, status, started, failure
        self.received = self.sent = 0
        self.id, self.connector, self.detail = "1234", "c1", "why" if failure else ""
        self.subject, self.client = "alice", "192.0.2.1"
        self.head = RequestHead(b"GET", target, 11, [], b"x", "x", 0, True, None, False)


class Rig:
    """A history with its clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.traffic = Traffic(self.clock.seconds)
        self.history = TrafficHistory(self.traffic, self.clock.seconds)

    def add(self, *arguments: Any, **named: Any) -> None:
        """An exchange is over."""
        exchange: Any = Ended(*arguments, **named)
        self.traffic.add(exchange)

    def minute(self) -> None:
        """A minute passes."""
        self.clock.advance(60)
        self.history.note()

    def told(self) -> dict[str, Any]:
        """The hour."""
        return dict(self.history.last_hour())


def test_of_one_application() -> None:
    """Minute by minute, of nobody else's requests; one that nobody has asked for had none."""
    rig = Rig()
    rig.add("wiki", 200)
    rig.add("wiki", 502, failure=Code.ORIGIN_REFUSED)
    rig.add("blog", 200)
    rig.minute()
    rig.add("wiki", 200)
    told: dict[str, Any] = dict(rig.history.last_hour_of("wiki"))
    assert (told["requests"], told["failed"]) == (3, 1)
    assert [(one["requests"], one["failed"]) for one in told["minutes"]] == [(2, 1), (1, 0)]
    assert rig.history.last_hour_of("none")["requests"] == 0
    assert told["answers"] == {"200": 2, "502": 1} and rig.told()["answers"] == {"200": 3, "502": 1}
    assert rig.history.last_hour_of("none")["answers"] == {}


def test_minute_by_minute() -> None:
    """What came in each, what of it failed, and how long it took; the minute that has begun is there, too."""
    rig = Rig()
    rig.add("wiki", 200)
    rig.add("wiki", 502, failure=Code.ORIGIN_REFUSED)
    rig.minute()
    rig.minute()
    rig.add("blog", 404, started=rig.clock.seconds() - 0.3)
    told = rig.told()
    counted = [(one["requests"], one["failed"], one["seconds_ago"]) for one in told["minutes"]]
    assert counted == [(2, 1, 120), (0, 0, 60), (1, 0, 0)]
    assert (told["requests"], told["failed"], told["minutes"][2]["median"], told["median"]) == (3, 1, 0.5, 0.005)
    assert told["applications"] == [{"application": "wiki", "requests": 2, "failed": 1},
                                    {"application": "blog", "requests": 1, "failed": 0}]


def test_an_hour_and_no_more() -> None:
    """What was before is forgotten, and so are applications but the busiest."""
    rig = Rig()
    rig.add("old", 200)
    for number in range(MINUTES):
        rig.minute()
        for _ in range(number % 20):
            rig.add(f"a{number % 20}", 200)
    told = rig.told()
    assert len(told["minutes"]) == MINUTES and len(told["applications"]) == 10
    assert "old" not in {one["application"] for one in told["applications"]}


@pytest.mark.parametrize(("counts", "part", "found"), [
    ([0] * 15, 0.5, None), ([1] + [0] * 14, 0.95, BOUNDS[0]), ([50, 50] + [0] * 13, 0.5, BOUNDS[0]),
    ([49, 51] + [0] * 13, 0.5, BOUNDS[1]), ([0] * 14 + [1], 0.5, None), ([95, 0, 5] + [0] * 12, 0.95, BOUNDS[0]),
])
def test_quantiles(counts: list[int], part: float, found: float | None) -> None:
    """The upper bound of the bucket where so much of all is reached; nothing where that has none."""
    assert quantile([counts, [0] * 15], part) == found


def test_failures_say_why() -> None:
    """The latest first, without the query."""
    rig = Rig()
    rig.add("wiki", 504, failure=Code.ORIGIN_TIMEOUT, target=b"/slow?token=secret")
    rig.clock.advance(5)
    rig.add("wiki", 502, failure=Code.ORIGIN_REFUSED, target=b"/" + b"x" * 1000)
    rig.add("wiki", 200)
    latest, first = rig.history.failures.of("wiki")
    assert first == {
        "seconds_ago": 5.0, "request_id": "1234", "method": "GET", "path": "/slow", "failure": "ORIGIN_TIMEOUT",
        "title": "The application did not answer in time", "detail": "why", "status": 504, "connector": "c1"}
    assert latest["failure"] == "ORIGIN_REFUSED" and len(str(latest["path"])) == 200
    assert rig.history.failures.of("nothing") == []


def test_failures_are_bounded() -> None:
    """Twenty of an application, and a thousand applications: those that failed longest ago go."""
    rig = Rig()
    for number in range(1100):
        rig.add(f"a{number}", 502, failure=Code.ORIGIN_REFUSED)
    for _ in range(50):
        rig.add("a1099", 502, failure=Code.ORIGIN_REFUSED)
    rig.add("", 404, failure=Code.UNKNOWN_HOST)
    assert rig.history.failures.of("a99") == [] and len(rig.history.failures.of("a100")) == 1
    assert len(rig.history.failures.of("a1099")) == 20 and rig.history.failures.of("") == []
