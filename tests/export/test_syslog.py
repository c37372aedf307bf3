"""Entries as syslog."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appproxy.export.syslog import syslog_frame
from tests.export.test_formats import ADDED, SIGN_IN

#: RFC 5424 section 6, of what we send: neither process nor structured data.
_MESSAGE = re.compile(
    rb"<([0-9]{1,3})>1 ([0-9T:.-]+Z) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) - ([\x21-\x7e]{1,32}) - (.*)", re.DOTALL)


def test_a_message() -> None:
    """Log audit and notice (13 * 8 + 5), a warning for what was refused; the length before it is that of the message."""
    length, _, message = syslog_frame(ADDED, "json").partition(b" ")
    assert int(length) == len(message)
    found = _MESSAGE.fullmatch(message)
    assert found is not None
    assert found.groups()[:5] == (b"109", b"2026-07-01T00:00:01.000Z", b"example.com", b"appproxy", b"user.add")
    assert json.loads(found[6])["id"] == ADDED.id
    assert syslog_frame(SIGN_IN, "json").partition(b" ")[2].startswith(b"<108>1 ")


@given(st.text(), st.text(), st.text())
def test_nothing_leaves_its_frame(service: str, action: str, target: str) -> None:
    """Whatever texts are in an entry, the message is by the rules, and frames can be told apart by their lengths alone."""
    frame = syslog_frame(replace(ADDED, service=service, action=action, target=target), "ecs")
    both = frame + frame
    for _ in range(2):
        length, _, rest = both.partition(b" ")
        message, both = rest[: int(length)], rest[int(length) :]
        assert _MESSAGE.fullmatch(message)
    assert both == b""
