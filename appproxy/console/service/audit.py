"""Who did what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from appproxy.console.answers import PageContent
from appproxy.console.moments import moment
from appproxy.console.records.values import flat, is_time
from appproxy.console.visit import ROWS, Visit
from appproxy.errors import ConfigError

_FIELDS = ("text", "actor", "action", "target")


async def listed(visit: Visit) -> PageContent:
    """The latest entries that fit, fifty a page."""
    asked = {name: visit.asked(name).strip() for name in (*_FIELDS, "since", "until")}
    fields: dict[str, object] = {name: asked[name] for name in _FIELDS}
    for name, ends in (("since", 0.0), ("until", 86_400.0)):
        if asked[name]:
            fields[name] = int(day(name, asked[name]) + ends)
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


def day(name: str, text: str) -> float:
    """When a day begins, in UTC. Raises ConfigError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ConfigError(f"{name}: {text!r} is no day", hint="write it as 2026-12-24") from None


def said(detail: Mapping[str, object]) -> list[tuple[str, str]]:
    """The detail of an entry, as texts that users would write: settings as KEY=VALUE; what is empty is left out."""
    return [
        (key, moment(value) if is_time(key) and isinstance(value, int | float) else flat(value, "="))
        for key, value in detail.items() if value not in ("", None, [], {})]
