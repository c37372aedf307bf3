"""Who did what, and when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from appproxy.console.answers import PageContent
from appproxy.console.moments import moment
from appproxy.console.records.values import flat, is_time
from appproxy.console.visit import ROWS, Visit
from appproxy.errors import ConfigError

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_FIELDS = ("text", "actor", "action", "target")


async def listed(visit: Visit) -> PageContent:
    """The latest entries that fit, fifty a page."""
    asked = {name: visit.asked(name).strip() for name in (*_FIELDS, "since", "until")}
    fields: dict[str, object] = {name: asked[name] for name in _FIELDS}
    for name in ("since", "until"):
        if asked[name]:
            fields[name] = int(time_said(name, asked[name], visit.now, ends=name == "until"))
    before = visit.asked("before")
    rows = await visit.get("/audit", limit=ROWS + 1, before=before, **fields)
    shown = rows[:ROWS]
    more = ""
    if len(rows) > ROWS:
        more = "/audit?" + urlencode({**{key: text for key, text in asked.items() if text}, "before": shown[-1]["number"]})
    return PageContent("audit", "Audit", {
        "rows": [{**row, "said": said(row["detail"])} for row in shown], "asked": asked, "more": more, "before": before})


async def verification(visit: Visit) -> PageContent:
    """Whether anybody has changed it since it was written: some thousand entries at a time, each step from the link before."""
    asked = {name: visit.asked(name) for name in ("chain", "after", "link", "checked")}
    found = await visit.get("/audit-verification", **asked)
    on = "" if found["done"] or found["fault"] else "/audit/verification?" + urlencode(
        {"chain": asked["chain"] or "known", **{name: found[name] for name in ("after", "link", "checked")}})
    return PageContent("audit_verification", "Is the audit unchanged?", {"found": found, "on": on})


def time_said(name: str, text: str, now: float, *, ends: bool = False) -> float:
    """Seconds since 1970 of `2h` (ago), `2026-12-24` or `2026-12-24T08:00`, in UTC where no zone is said; `ends`: of a day its
    end. Raises ConfigError.
    """
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.timestamp() + (_SECONDS["d"] if ends and len(text) == len("2026-12-24") else 0)
    except (ValueError, OverflowError):
        raise ConfigError(f"{name}: {text!r} is no time", hint="write 2h, 7d, 2026-12-24 or 2026-12-24T08:00 (UTC)") from None


def said(detail: Mapping[str, object]) -> list[tuple[str, str]]:
    """The detail of an entry, as texts that users would write: settings as KEY=VALUE; what is empty is left out."""
    return [
        (key, moment(value) if is_time(key) and isinstance(value, int | float) else flat(value, "="))
        for key, value in detail.items() if value not in ("", None, [], {})]
