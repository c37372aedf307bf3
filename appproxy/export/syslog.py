"""Entries as syslog: RFC 5424 messages, each with its length before it (RFC 5425 section 4.3, RFC 6587 section 3.4.1)."""

from __future__ import annotations

import re

from appproxy.export.entry import ExportedEntry
from appproxy.export.formats import written
from appproxy.export.meaning import meaning_of

#: RFC 5424 section 6.2.1: log audit; notice, and warning for what was refused.
_FACILITY, _NOTICE, _WARNING = 13, 5, 4
#: What header fields may be made of (PRINTUSASCII), and how long host and kind of message may be.
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
_LONGEST_HOST, _LONGEST_KIND = 255, 32


def syslog_frame(entry: ExportedEntry, format_name: str) -> bytes:
    """One entry: the domain as host, the action as kind of message, and as text one line of JSON.

    The text is ASCII, so that it needs no mark of an encoding. There is no structured data: its names would need an
    enterprise number of our own.
    """
    severity = _WARNING if meaning_of(entry.action).failed else _NOTICE
    head = " ".join((
        f"<{_FACILITY * 8 + severity}>1", entry.moment, _field(entry.service, _LONGEST_HOST), "appproxy", "-",
        _field(entry.action, _LONGEST_KIND), "-",
    ))  # fmt: skip
    message = head.encode("ascii") + b" " + written(entry, format_name)
    return b"%d %s" % (len(message), message)


def _field(text: str, longest: int) -> str:
    return _UNPRINTABLE.sub("?", text)[:longest] or "-"
