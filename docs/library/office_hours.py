"""A stage of one's own: outside office hours nobody reaches the applications whose names begin with `office-`.

Its distribution says in pyproject.toml where the stage is, and service.toml says that it is wanted:

    [project.entry-points."appproxy.stages"]
    office-hours = "office_hours:OfficeHours"

    stages = ["office-hours"]
"""

from __future__ import annotations

from datetime import UTC, datetime

from appproxy.api import dispatch

OPENS, CLOSES = 8, 18


class OfficeHours(dispatch.Stage):
    """Comes when the user is known and before anything reaches a connector. Hours are UTC, Monday to Friday."""

    name = "office-hours"
    before = "slash"

    def concerns(self, route: dispatch.ApplicationRoute) -> bool:
        """Only these applications pay for it."""
        return route.application.name.startswith("office-")

    def handle(self, request: dispatch.InboundRequest) -> dispatch.Outcome:
        """Answer outside office hours; pass on all other requests."""
        if is_open(datetime.fromtimestamp(request.now, UTC)):
            return None
        request.exchange.detail = "outside office hours"
        fields = b"content-type: text/plain; charset=utf-8\ncache-control: no-store\n"
        request.exchange.answer(403, fields, b"Open from Monday to Friday, 8 to 18 h (UTC).\n")
        return dispatch.ANSWERED


def is_open(now: datetime) -> bool:
    """Is somebody there?"""
    return now.weekday() < 5 and OPENS <= now.hour < CLOSES
