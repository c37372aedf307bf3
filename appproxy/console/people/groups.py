"""Groups of users of the built-in provider."""

from __future__ import annotations

from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import Visit, listing, one_of


async def listed(visit: Visit) -> PageContent:
    """A page of them, by name, with how many are in each."""
    return PageContent("groups", "Groups", {"list": await listing(visit, "/groups", "name", brief="true")})


async def show(visit: Visit) -> PageContent:
    """One of them, with a page of its members."""
    found, tag = await visit.get_tagged(one_of("groups", visit.names["group"]))
    path = one_of("groups", found["name"])
    return PageContent("group", found["name"], {
        "one": found, "path": path, "tag": visit.said("tag", tag), "list": await listing(visit, path + "/members", "name")})


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
    """Remove it. Raises Changed where others have joined it since the page was opened."""
    await visit.change_shown("DELETE", one_of("groups", visit.names["group"]))
    return Redirection("/groups", "removed")
