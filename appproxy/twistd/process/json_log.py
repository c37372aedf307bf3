"""The program's own log for machines: one JSON object an event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TextIO

from twisted.logger import ILogObserver, LogEvent, formatEvent
from zope.interface import implementer

#: Fields of an event that a machine may want beside its text. Others can hold objects of any kind.
_PLAIN = (str, int, float, bool)


@implementer(ILogObserver)
class JsonLines:
    """Writes events to `out`: `time` (RFC 3339, UTC), `level`, `logger`, `message`, `traceback`, the event's own fields."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds"),
            "level": event["log_level"].name,
            "logger": event.get("log_namespace", ""),
            "message": formatEvent(event),
        }
        failure = event.get("log_failure")
        if failure is not None:
            entry["traceback"] = failure.getTraceback()
        for key, value in event.items():
            if isinstance(value, _PLAIN) and not key.startswith(("log_", "format")) and key not in entry:
                entry[key] = value
        self._out.write(json.dumps(entry) + "\n")
        self._out.flush()
