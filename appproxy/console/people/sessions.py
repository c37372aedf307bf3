"""Who is signed in where, and an end to it."""

from __future__ import annotations

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.records.values import shown_fields
from appproxy.console.visit import ROWS, Visit, one_of

#: What a list of sessions is narrowed by; `user` is one of the built-in provider.
ASKED = ("user", "subject", "provider", "application")
#: Before the id of any session: from here on they come by their ids, all of them, and not only those that were used last.
FIRST = "!"


async def listed(visit: Visit) -> PageContent:
    """Those that were used last, or a page of all; of whom and where is asked."""
    asked = {name: text for name in ASKED if (text := visit.asked(name).strip())}
    after = visit.asked("after")
    rows = await visit.get("/sessions", **asked, after=after, limit=ROWS + 1)
    return PageContent("sessions", "Sessions", {
        "rows": rows[:ROWS], "asked": asked, "after": after, "first": FIRST,
        "more": "" if len(rows) <= ROWS else str(rows[ROWS - 1]["id"]) if after else FIRST,
    })


async def show(visit: Visit) -> PageContent:
    """All that is known of one."""
    found = await visit.get(one_of("sessions", visit.names["session"]))
    return PageContent("session", f"A session of {found['name']}", {"one": found, "facts": shown_fields(found)})


async def end(visit: Visit) -> Redirection:
    """End one, or all of a user: of the built-in provider by name, of others by the subject."""
    body = {name: text for name in ("session", "user", "subject", "provider") if (text := visit.said(name))}
    await visit.change("POST", "/sessions/revoke", body)
    return Redirection("/sessions", "ended")
