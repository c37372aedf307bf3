"""The doctor at the service: who met a limit that all users share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appproxy.admin.transport.client import AdminClient
from appproxy.cli.doctor.findings import Ailing, Health, Walk

#: Users that are named; the log has all.
_MOST_NAMED = 5
#: Seconds for which it is of interest that no file was free, and the part of all that is many.
_LATELY, _MANY = 900.0, 0.9


def examine(walk: Walk, client: AdminClient) -> None:
    """Has anybody met one lately?"""
    status: Any = None
    with walk.step("limits") as notes:
        status = client.call("GET", "/status")
        met = status["limits_met"]
        if met:
            words = "; ".join(
                f"{one['who'] or 'somebody'} at {one['application']}: {one['limit']}, {one['count']} times, the last "
                f"{one['seconds_ago']:.0f} s ago" for one in met[:_MOST_NAMED])
            raise Ailing(words, 'docs/operation.md, "When places are short", says what each limit means and how to raise it',
                         Health.WARNING)
        notes.append("nobody met one in the last 15 minutes")
    if status is None:
        return
    with walk.step("open files") as notes:
        notes.append(_open_files(status["open_files"]))


def _open_files(files: Mapping[str, Any]) -> str:
    """Are there enough? Raises Ailing."""
    words = f"{files['open']} of {files['limit']}"
    more = "raise LimitNOFILE= of the service's unit (or ulimit -n), or lower limits.user_connections"
    if files["seconds_ago"] is not None and files["seconds_ago"] < _LATELY:
        raise Ailing(f"none was free {files['seconds_ago']:.0f} s ago, and {files['closed']} connections were closed since "
                     f"the start; now {words}", more, Health.BROKEN)
    if files["open"] > _MANY * files["limit"]:
        raise Ailing(f"{words}: soon there will be none for who connects", more, Health.WARNING)
    return words
