"""The first page: how the service does, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.access.chart import answers, bars, latencies, slowest
from appproxy.console.answers import PageContent
from appproxy.console.visit import Visit, one_of
from appproxy.console.waiting import decisions
from appproxy.errors import StoreError

#: Where what a concern is about can be looked after, and what its link says.
_PLACES = {"connector": "/connectors", "group": "/connectors", "certificate": "/certificates", "application": "/applications",
           "limit": "/limits"}
_LINKS = {"connector": "Look at the connector", "group": "Let a connector join", "certificate": "Certificates",
          "application": "Look at the application", "limit": "Who met which limit"}


async def overview(visit: Visit) -> PageContent:
    """For who may not read what the service does: what waits for their decision, and where else to go."""
    waits = await decisions(visit)
    if not visit.may(Permission.READ_SERVICE):
        return PageContent("overview", "Overview", {"status": None, "waits": waits})
    status = await visit.get("/status")
    traffic = await visit.get("/traffic")
    try:
        concerns = await visit.get("/concerns")
    except StoreError as error:
        concerns = [{"about": "", "id": "", "urgency": "broken", "detail": error.message, "hint": error.hint}]
    return PageContent("overview", "Overview", {
        "waits": waits, "status": status, "traffic": traffic, "bars": bars(traffic["minutes"]),
        "latencies": latencies(traffic["minutes"]), "slowest": slowest(traffic["minutes"]),
        "answers": answers(traffic["answers"]),
        "most": max((one["requests"] for one in traffic["minutes"]), default=0),
        "concerns": [{**one, "link": link_of(one, visit), "label": _LINKS.get(one["about"], "Open")} for one in concerns],
    })


def link_of(concern: Mapping[str, Any], visit: Visit) -> str:
    """The page where something can be done about it, "" for none."""
    place = _PLACES.get(concern["about"], "")
    if concern["about"] == "connector" and visit.may(Permission.READ_CONNECTORS):
        return one_of("connectors", concern["id"])
    if concern["about"] == "application":
        return one_of("applications", concern["id"])
    if concern["about"] == "certificate" and not visit.may(Permission.READ_CERTIFICATES):
        return ""
    return place if concern["about"] != "group" or visit.may(Permission.READ_CONNECTORS) else ""
