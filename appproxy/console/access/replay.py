"""Other policies tried on the decision log: the saved ones, without one of them, or with a document that is not saved yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent
from appproxy.console.visit import Visit
from appproxy.errors import ConfigError
from appproxy.json_input import read_json

#: How far back; "" for the whole log.
BACK = (("1h", "The last hour"), ("1d", "The last day"), ("7d", "The last week"), ("30d", "The last 30 days"),
        ("", "The whole log"))
REPORT = "POST /policy-replay/report"


async def page(visit: Visit) -> PageContent:
    """What is to be tried. Raises Forbidden for who may not read users."""
    visit.require(Permission.READ_USERS)
    return await _page(visit, None)


async def run(visit: Visit) -> PageContent:
    """The saved policies as they are, without some, or with others in their place. Raises ConfigError."""
    return await _page(visit, await replayed(visit, _written(visit), visit.form.get("without", ())))


def _written(visit: Visit) -> Sequence[Mapping[str, object]]:
    """The documents that are not saved."""
    text = visit.said("policies")
    if not text:
        return []
    try:
        found = read_json(text.encode(), unique=True)
    except ValueError as error:
        raise ConfigError(f"policies: {error}", hint="a comma, a quote or a bracket is missing or too much there") from error
    documents: list[Any] = found if isinstance(found, list) else [found]
    if not all(isinstance(one, Mapping) for one in documents):
        raise ConfigError("policies: an object, or a list of them, is needed")
    return documents


async def replayed(visit: Visit, policies: Sequence[Mapping[str, object]], without: Sequence[str]) -> Any:
    """What they would have made of the log, of as far back as the form says."""
    body: dict[str, object] = {"policies": list(policies), "without": list(without)}
    if age := visit.said("age"):
        body["age"] = age
    return await visit.change("POST", "/policy-replay/report", body)


async def _page(visit: Visit, report: Any) -> PageContent:
    saved = await visit.get_if(Permission.READ_POLICIES, "/policies", [])
    return PageContent("replay", "Policies on the decision log", {
        "report": report, "without": visit.form.get("without", ()), "written": visit.said("policies"), "back": BACK,
        "saved": [one["name"] for one in saved], "age": visit.said("age", "7d"),
    })
