"""Connectors: what they do, letting one in, and what is done to one; their groups and the tokens by which they join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import ROWS, Listing, Visit, one_of
from appproxy.store.snapshot import ConnectorState

#: What the page offers; a machine that is set up by hand joins within the hour.
LIVES = (("1h", "One hour"), ("1d", "One day"), ("7d", "One week"))


async def listed(visit: Visit) -> PageContent:
    """All of them by name, fifty a page, with groups and tokens below."""
    rows = await visit.get("/connectors")
    return PageContent("connectors", "Connectors", {
        "list": part(rows, visit), "groups": await visit.get("/connector-groups"),
        "tokens": [one for one in await visit.get("/connector-tokens", limit=ROWS) if not one["expired"] and one["uses_left"]],
        "waiting": [one for one in rows if one["state"] == ConnectorState.PENDING.value],
        "online": sum(bool(one["online"]) for one in rows), "count": len(rows), "lives": LIVES,
        "active": Counter(one["group"] for one in rows if one["status"] == "active"),
    })


def part(rows: Sequence[Mapping[str, Any]], visit: Visit) -> Listing:
    """Those behind `after` that have the text of `search` in a name, by name: there are hundreds of them, not thousands."""
    after, search = visit.asked("after"), visit.asked("search").strip()
    text = search.casefold()
    fits = [one for one in rows if not text or text in f"{one['name']} {one['group']} {one['address'] or ''}".casefold()]
    ordered = sorted((f"{one['name']} {one['id']}", one) for one in fits)
    left = [(key, one) for key, one in ordered if not after or key > after]
    return Listing([one for _, one in left[:ROWS]], left[ROWS - 1][0] if len(left) > ROWS else "", after, search)


async def show(visit: Visit, examined: Mapping[str, Any] | None = None) -> PageContent:
    """One of them; with what it has found, if it was asked."""
    found, tag = await visit.get_tagged(one_of("connectors", visit.names["connector"]))
    return PageContent("connector", found["name"], {
        "one": found, "path": one_of("connectors", found["id"]), "tag": visit.said("tag", tag),
        "groups": [group["name"] for group in await visit.get("/connector-groups")],
        "examined": examined,
    })


async def examine(visit: Visit) -> PageContent:
    """Have it run its half of the doctor."""
    found = await visit.change("POST", one_of("connectors", visit.names["connector"]) + "/examine")
    return await show(visit, found)


async def joining(visit: Visit) -> PageContent:
    """A token for a connector that is to join, and what is typed on its machine: shown this once."""
    body: dict[str, object] = {"group": visit.said("group"), "expires": visit.said("expires", "1h")}
    if uses := visit.said("uses"):
        body["uses"] = int(uses) if uses.isascii() and uses.isdigit() and len(uses) < 10 else uses
    made = await visit.change("POST", "/connector-tokens", body)
    return PageContent("joining", "Let a connector join", {"made": made})


async def withdraw(visit: Visit) -> Redirection:
    """Take a join token back."""
    await visit.change("DELETE", one_of("connector-tokens", visit.said("token")))
    return Redirection("/connectors", "token-removed")


async def approve(visit: Visit) -> Redirection:
    """Let it carry traffic. Raises Changed where somebody else has decided about it since the page was opened."""
    path = one_of("connectors", visit.names["connector"])
    await visit.change_shown("POST", path + "/approve")
    return Redirection(path, "approved")


async def revoke(visit: Visit) -> Redirection:
    """Trust it no longer."""
    path = one_of("connectors", visit.names["connector"])
    await visit.change("POST", path + "/revoke")
    return Redirection(path, "revoked")


async def move(visit: Visit) -> Redirection:
    """Into another group. Raises Changed where somebody else has moved it since the page was opened."""
    path = one_of("connectors", visit.names["connector"])
    await visit.change_shown("POST", path + "/move", {"group": visit.said("group")})
    return Redirection(path, "moved")


async def remove(visit: Visit) -> Redirection:
    """Forget it."""
    await visit.change_shown("DELETE", one_of("connectors", visit.names["connector"]))
    return Redirection("/connectors", "removed")


async def add_group(visit: Visit) -> Redirection:
    """Make a connector group."""
    await visit.change("POST", "/connector-groups", {
        "name": visit.said("name"), "needs_approval": visit.said("needs_approval") == "yes"})
    return Redirection("/connectors", "added")


async def change_group(visit: Visit) -> Redirection:
    """Whether new connectors of it wait for approval; or remove it."""
    path = one_of("connector-groups", visit.names["group"])
    if visit.said("do") == "remove":
        await visit.change("DELETE", path)
        return Redirection("/connectors", "removed")
    await visit.change("PATCH", path, {"needs_approval": visit.said("do") == "ask"})
    return Redirection("/connectors", "saved")


