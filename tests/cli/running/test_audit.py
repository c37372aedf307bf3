"""The audit at the command line."""

from __future__ import annotations

from datetime import datetime

import click
import pytest

from appproxy.cli.running.audit import Moment
from tests.cli.conftest import Typing


def test_search(typed: Typing) -> None:
    """What is asked for, and words of its own where there is nothing."""
    assert "Nothing has been changed yet." in typed("audit").err
    for name in ("staff", "guests"):
        typed("group", "add", name)
    typed("group", "remove", "guests")
    actions = [row["action"] for row in typed("audit", "--action", "group.", "--json").json]
    assert actions == ["group.remove", "group.add", "group.add"]
    (row,) = typed("audit", "--text", "STAFF", "--json").json
    assert row["detail"] == {"name": "staff"}
    assert "There is no such entry." in typed("audit", "--actor", "user:ann").err
    assert typed("audit", "--since", "yesterday").code == 2


def test_verify(typed: Typing) -> None:
    """All is good, also when there is nothing yet; what is last is printed, to be kept."""
    assert typed("audit", "verify").out.splitlines() == [
        "known: 0 entries are as they were written", "anonymous: 0 entries are as they were written"]
    typed("group", "add", "staff")
    found = typed("audit", "verify", "--json").json
    (row,) = typed("audit", "--json").json
    assert (found["known"]["checked"], found["known"]["last"]) == (1, row["number"])
    assert f"1 entries are as they were written; the last is number {row['number']}, link {found['known']['link'][:16]}" in (
        typed("audit", "verify").out)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("7d", 7 * 86400), ("1w", 7 * 86400), ("30m", 1800), ("5s", 5)])
def test_a_time_ago(text: str, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted back from now."""
    monkeypatch.setattr("appproxy.cli.running.audit._wall_clock", lambda: 1e9)
    assert Moment().convert(text, None, None) == 1e9 - seconds


def test_a_moment() -> None:
    """A day or a minute of this machine's time, or with a zone of its own."""
    assert Moment().convert("2026-11-30", None, None) == datetime(2026, 11, 30).timestamp()
    assert Moment().convert("2026-11-30T08:00+00:00", None, None) == 1796025600.0
    for text in ("", "soon", "2h ago", "31.12.2026"):
        with pytest.raises(click.BadParameter, match="write 2h"):
            Moment().convert(text, None, None)
