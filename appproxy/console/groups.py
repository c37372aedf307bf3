"""Groups of users of the built-in provider."""

from __future__ import annotations

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import Visit, listing, one_of
from appproxy.errors import NotFound

#: Members on the page; the rest is counted.
_MOST = 200
#: Groups that are looked through for the one with this very name.
_ALIKE = 1000


async def listed(visit: Visit) -> PageContent:
    """A page of them, by name."""
    return PageContent("groups", "Groups", {"list": await listing(visit, "/groups", "name")})


async def show(visit: Visit) -> PageContent:
    """One of them, with its members."""
    name = visit.names["group"]
    alike = await visit.get("/groups", search=name, limit=_ALIKE)
    found = next((one for one in alike if one["name"].casefold() == name.casefold()), None)
    if found is None:
        raise NotFound(f"there is no group {name!r}")
    members = found["members"]
    return PageContent("group", found["name"], {
        "one": found, "path": one_of("groups", found["name"]), "members": members[:_MOST],
        "left_out": max(len(members) - _MOST, 0),
    })


async def add(visit: Visit) -> Redirection:
    """Make a group."""
    made = await visit.change("POST", "/groups", {"name": visit.said("name")})
    return Redirection(one_of("groups", made["name"]), "added")


async def change_member(visit: Visit) -> Redirection:
    """A user into it, or out of it."""
    leaves = visit.said("do") == "leave"
    await visit.change("DELETE" if leaves else "PUT", one_of("users", visit.said("user"), "groups", visit.names["group"]))
    return Redirection(one_of("groups", visit.names["group"]), "left-group" if leaves else "joined-group")


async def remove(visit: Visit) -> Redirection:
    """Remove it."""
    await visit.change("DELETE", one_of("groups", visit.names["group"]))
    return Redirection("/groups", "removed")
