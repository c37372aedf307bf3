"""One JSON object a request."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.internet.task import Clock

from appproxy.errors import Code
from appproxy.http.head import RequestHead
from appproxy.net.line_file import LineFile
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.own.access_log import AccessLog
from tests.service.world import World


def exchanges(request: bytes) -> list[Exchange]:
    """What the front logs for one request of a user who then leaves."""
    world = World()
    user = world.user()
    user.send(request)
    user.leave()
    return world.log


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_line_is_one_json_object_whatever_the_bytes(tmp_path: Path) -> None:
    """A user cannot write a second line, or break the first."""
    clock = Clock()
    file = LineFile(tmp_path / "access.log", clock)
    log = AccessLog(file, clock, lambda: 1_800_000_000.25)
    (exchange,) = exchanges(b'GET /"\\%0a{}?secret=1 HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n')
    exchange.detail = 'two\nlines "quoted"'
    log.add(exchange)
    file.close()
    (entry,) = lines(tmp_path / "access.log")
    assert entry["path"] == '/"\\%0a{}'
    assert entry["time"] == "2027-01-15T08:00:00.250Z"
    assert entry["status"] == 499
    assert entry["failure"] == "CANCELLED"
    assert "secret" not in (tmp_path / "access.log").read_text()


def test_a_failure_that_was_never_answered_has_the_status_of_its_code(tmp_path: Path) -> None:
    """The log tells what the user would have got."""
    clock = Clock()
    file = LineFile(tmp_path / "access.log", clock)
    (exchange,) = exchanges(b"GET / HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n")
    exchange.failure = Code.BACKEND_TIMEOUT
    assert isinstance(exchange.head, RequestHead)
    AccessLog(file, clock, lambda: 0.0).add(exchange)
    file.close()
    assert lines(tmp_path / "access.log")[0]["status"] == 504
