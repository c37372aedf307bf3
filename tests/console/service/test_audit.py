"""The audit on the pages: searched, and read page by page."""

from __future__ import annotations

import html
import re

import pytest

from appproxy.console.service.audit import said, time_said
from appproxy.errors import ConfigError
from tests.console.conftest import House, Seat


def test_reading_on(house: House, alice: Seat) -> None:
    """Fifty a page, the newest first; the next page keeps what was asked for."""
    for number in range(70):
        house.call("POST", "/groups", {"name": f"noted {number}"})
    first = html.unescape(alice.see("/audit?action=group.add&text=noted").text)
    assert first.count("<code>group.add</code>") == 50
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following and "action=group.add" in following[1]
    second = alice.see(following[1]).text
    assert second.count("<code>group.add</code>") == 20 and 'rel="next"' not in second
    for number in range(70):
        house.call("DELETE", f"/groups/noted%20{number}")


def test_days(house: House, alice: Seat) -> None:
    """From a day and to one, both included, or by the hour, or so long ago; what is no time is said so."""
    assert "<code>" in alice.see("/audit?since=2000-01-01&until=2100-01-01").text.partition("<table")[2]
    assert "No entry fits." in alice.see("/audit?since=2100-01-01").text
    assert "No entry fits." in alice.see("/audit?until=2000-01-01").text
    assert alice.see("/audit?since=soon").status == 422
    assert "<code>" in alice.see("/audit?since=2h").text.partition("<table")[2]
    assert time_said("since", "2026-07-01", 0.0) == 1782864000.0
    assert time_said("until", "2026-07-01", 0.0, ends=True) == 1782864000.0 + 86_400.0
    assert time_said("until", "2026-07-01T02:00+01:00", 0.0, ends=True) == 1782864000.0 + 3600.0
    assert time_said("since", "7d", 864_000.0) == 259_200.0
    for text in ("2026-13-01", "1y", "99999d99"):
        with pytest.raises(ConfigError, match="since"):
            time_said("since", text, 0.0)


def test_details_are_texts() -> None:
    """As users write them: lists are joined, settings have their keys, times are moments; what is empty is left out."""
    assert said({"name": "a", "groups": ["x", "y"], "none": [], "flag": False, "empty": ""}) == [
        ("name", "a"), ("groups", "x, y"), ("flag", "no")]
    assert said({"settings": {"strict": "yes", "tags": ""}, "expires": 1782864000.0, "before": [{"a": True}, {"b": 1.5}]}) == [
        ("settings", "strict=yes"), ("expires", "2026-07-01 00:00 UTC"), ("before", "a=yes, b=1.5")]


def test_settings_are_shown_as_they_were_written(house: House, alice: Seat) -> None:
    """No brace of a programming language is on the page of the audit, whatever was changed."""
    house.call("PATCH", "/applications/wiki", {"settings": {"session_hours": "7", "strict": "yes"}})
    shown = html.unescape(alice.see("/audit?action=application.set").text)
    assert "session_hours=7, strict=yes" in shown and "{'" not in shown
    house.call("PATCH", "/applications/wiki", {"settings": {"session_hours": "", "strict": ""}})


def test_whether_it_is_unchanged(house: House, alice: Seat) -> None:
    """The page says so, and goes on from a link; a link that is none's is a fault."""
    assert "are as they were written" in alice.see("/audit/verification").text
    found = house.call("GET", "/audit-verification")
    path = f"/audit/verification?after={found['after']}&link={found['link']}&checked={found['checked']}"
    assert "as they were written" in alice.see(path).text
    assert alice.see("/audit/verification?after=x").status == 422
    assert 'role="alert"' in alice.see(f"/audit/verification?after=1&link={'0' * 64}").text
