"""Other policies tried on the decision log: the saved ones, without one of them, or with a document that is not saved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent
from appproxy.console.visit import Visit

#: How far back, in days; "" for the whole log.
BACK = (("1", "The last day"), ("7", "The last week"), ("30", "The last 30 days"), ("", "The whole log"))
REPORT = "POST /policy-replay/report"


async def page(visit: Visit) -> PageContent:
    """What is to be tried. Raises Forbidden for who may not read users."""
    visit.require(Permission.READ_USERS)
    return await _page(visit, None)


async def run(visit: Visit) -> PageContent:
    """The saved policies as they are, or without one."""
    without = visit.said("without")
    return await _page(visit, await replayed(visit, [], [without] if without else []))


async def replayed(visit: Visit, policies: Sequence[Mapping[str, object]], without: Sequence[str]) -> Any:
    """What they would have made of the log, of as many days as the form says."""
    body: dict[str, object] = {"policies": list(policies), "without": list(without)}
    if days := visit.said("days"):
        body["days"] = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else days
    return await visit.change("POST", "/policy-replay/report", body)


async def _page(visit: Visit, report: Any) -> PageContent:
    saved = await visit.get_if(Permission.READ_POLICIES, "/policies", [])
    return PageContent("replay", "Policies on the decision log", {
        "report": report, "without": visit.said("without"), "back": BACK,
        "names": [("", "None: as they are now"), *((one["name"], f"Without {one['name']}") for one in saved)],
    })
