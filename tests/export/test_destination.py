"""Where the audit can go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.export.destination import Destination, Way, read_destination


@pytest.mark.parametrize(("url", "found"), [
    ("file:///var/log/audit.jsonl", Destination(Way.FILE, path="/var/log/audit.jsonl")),
    ("file:///a?size=1&keep=2", Destination(Way.FILE, path="/a", size=1 << 20, keep=2)),
    ("syslog://logs.example.com", Destination(Way.SYSLOG, "logs.example.com", 601)),
    ("syslog://127.0.0.1:514", Destination(Way.SYSLOG, "127.0.0.1", 514)),
    ("syslog+tls://[2001:db8::1]", Destination(Way.SYSLOG_TLS, "2001:db8::1", 6514)),
    ("syslog+tls://logs.example.com:7000/", Destination(Way.SYSLOG_TLS, "logs.example.com", 7000)),
    ("https://hooks.example.com/in?token=t", Destination(Way.WEBHOOK, "hooks.example.com", 443)),
])
def test_what_can_be(url: str, found: Destination) -> None:
    """Each way, with its usual port."""
    assert read_destination(url) == found


@pytest.mark.parametrize(("url", "complaint"), [
    ("http://hooks.example.com/", "is no place for the audit"),
    ("logs.example.com:601", "is no place for the audit"),
    ("syslog://logs:99999", "is no place for the audit"),
    ("syslog://logs:0", "port 0"),
    ("syslog://", "a host is needed"),
    ("syslog://a b", "printable ASCII"),
    ("syslog://logs/path", "neither path nor query"),
    ("syslog+tls://logs?ca=/etc/passwd", "neither path nor query"),
    ("https://user:word@hooks/", "no user, password or fragment"),
    ("https://hooks/#top", "no user, password or fragment"),
    ("https://-bad-/", "a host is needed"),
    ("file://host/a", "absolute path"),
    ("file:relative", "absolute path"),
    ("file:///var/log/", "absolute path"),
    ("file:///var/../etc/passwd", "absolute path"),
    ("file:///a?size=0", "size: a number from 1"),
    ("file:///a?keep=many", "keep: a number from 1"),
    ("file:///a?mode=777", "mode: no such parameter"),
    ("https://" + "a" * 2000, "printable ASCII"),
])
def test_what_cannot_be(url: str, complaint: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(ConfigError, match=complaint):
        read_destination(url)


@given(st.text())
def test_any_text_is_a_place_or_an_error(text: str) -> None:
    """Nothing else comes of what somebody types."""
    for prefix in ("", "file:", "syslog://", "https://"):
        try:
            assert read_destination(prefix + text).way in Way
        except ConfigError as error:
            assert str(error).startswith("url: ")
