"""Who is signed in where, and an end to it."""

from __future__ import annotations

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import ROWS, Visit


async def listed(visit: Visit) -> PageContent:
    """Those that were used last, of a user or of an application if one is given."""
    user, application = visit.asked("user").strip(), visit.asked("application").strip()
    rows = await visit.get("/sessions", user=user, application=application, limit=ROWS)
    return PageContent("sessions", "Sessions", {"rows": rows, "user": user, "application": application, "most": ROWS})


async def end(visit: Visit) -> Redirection:
    """End one."""
    await visit.change("POST", "/sessions/revoke", {"session": visit.said("session")})
    return Redirection("/sessions", "ended")
