"""Health checks of one address."""

from __future__ import annotations

import pytest
from twisted.internet.error import ConnectionRefusedError

from appproxy.connector.config.configuration import Target
from appproxy.connector.origin.health_check import ANSWER_SECONDS, HealthCheck
from tests.connector.rig import HOME, Rig

TARGET = Target("wiki", HOME, b"wiki.corp", False, 10.0, 3600.0, frozenset(), None, frozenset(), (), "/ok", 10.0)


def checked() -> tuple[Rig, HealthCheck, list[str]]:
    """A check that has begun, and its verdicts."""
    rig = Rig()
    verdicts: list[str] = []
    check = HealthCheck(rig.origins.of(HOME), TARGET, rig.clock, rig.deadlines, verdicts.append)
    rig.clock.advance(0.25)
    return rig, check, verdicts


def test_a_good_answer_keeps_the_connection() -> None:
    """Each ten seconds the same one is asked, and it is free for requests meanwhile."""
    rig, check, verdicts = checked()
    origin = rig.origin()
    for _ in range(3):
        assert origin.take().startswith(b"GET /ok HTTP/1.1\r\nhost: wiki.corp\r\n")
        origin.deliver(b"HTTP/1.1 204 No Content\r\n\r\n")
        rig.clock.advance(10.5)
    assert verdicts == [""] * 3
    assert rig.origins_dialled == []


def test_bad_answers() -> None:
    """A status that says so; a long body is not waited for."""
    rig, check, verdicts = checked()
    origin = rig.origin()
    origin.deliver(b"HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\n")
    assert verdicts == ["status 500"]
    assert origin.end == "aborted"


def test_silence() -> None:
    """Is bad too, and is asked again."""
    rig, check, verdicts = checked()
    origin = rig.origin()
    rig.clock.advance(ANSWER_SECONDS + 0.5)
    assert verdicts == [f"no answer within {ANSWER_SECONDS:g} s"]
    assert origin.end == "aborted"
    rig.clock.advance(10.5)
    assert len(rig.origins_dialled) == 1


def test_nobody_there() -> None:
    """And one who closes without a word."""
    rig, check, verdicts = checked()
    rig.origins_dialled.pop().fail(ConnectionRefusedError())
    rig.clock.advance(10.5)
    rig.origin().lose()
    assert ["REFUSED" in verdicts[0], "CLOSED" in verdicts[1]] == [True, True]


@pytest.mark.parametrize("farewell", [b"", b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"])
def test_a_kept_connection_that_ends_under_the_question(farewell: bytes) -> None:
    """That may happen to every idle one, and a fresh one tells: the address is not left out for it."""
    rig, check, verdicts = checked()
    origin = rig.origin()
    origin.deliver(b"HTTP/1.1 204 No Content\r\n\r\n")
    origin.take()
    rig.clock.advance(10.5)
    assert origin.take().startswith(b"GET /ok")
    if farewell:
        origin.deliver(farewell)
    else:
        origin.lose(clean=True)
    fresh = rig.origin()
    assert fresh.take().startswith(b"GET /ok") and verdicts == [""]
    fresh.lose(clean=True)
    assert "CLOSED" in verdicts[1] and not rig.origins_dialled


def test_it_ends() -> None:
    """Nothing is asked any more, and nothing is left waiting."""
    rig, check, verdicts = checked()
    origin = rig.origin()
    check.close()
    assert origin.end == "aborted"
    rig.clock.advance(60)
    assert verdicts == []
    assert rig.origins_dialled == []
