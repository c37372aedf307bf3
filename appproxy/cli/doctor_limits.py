"""The doctor at the service: who met a limit that all users share."""

from __future__ import annotations

from typing import Any

from appproxy.admin.client import AdminClient
from appproxy.cli.findings import Ailing, Health, Walk

#: Users that are named; the log has all.
_MOST_NAMED = 5


def examine(walk: Walk, client: AdminClient) -> None:
    """Has anybody met one lately?"""
    with walk.step("limits") as told:
        status: Any = client.call("GET", "/status")
        met = status["limits_met"]
        if met:
            words = "; ".join(
                f"{one['who']} at {one['application']}: {one['limit']}, {one['count']} times, the last "
                f"{one['seconds_ago']:.0f} s ago" for one in met[:_MOST_NAMED])
            raise Ailing(words, 'docs/operation.md, "When places are short", says what each limit means and how to raise it',
                         Health.WARNING)
        told.append("nobody met one in the last 15 minutes")
