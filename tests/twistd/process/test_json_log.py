"""The program's log for machines."""

from __future__ import annotations

import io
import json

from twisted.logger import Logger, LogPublisher

from appproxy.twistd.process.json_log import JsonLines


def test_an_event_is_one_line() -> None:
    """Text, level, and the fields that a machine can read; failures with their traceback."""
    out = io.StringIO()
    log = Logger("appproxy.test", observer=LogPublisher(JsonLines(out)))
    log.warn("tunnel dropped: {reason}", reason="two\nlines", code=7, thing=object())
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError:
        log.failure("it failed")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("warn", "appproxy.test", "tunnel dropped: two\nlines")
    assert (first["code"], "thing" in first, first["time"][-6:]) == (7, False, "+00:00")
    assert "ZeroDivisionError: oh" in second["traceback"]
