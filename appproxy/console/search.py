"""One search over what a visitor may read: applications, users, groups and connectors."""

from __future__ import annotations

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent
from appproxy.console.visit import Visit, one_of

#: Of each kind.
_MOST = 10


async def search(visit: Visit) -> PageContent:
    """What has the text of `q` in its name, its URL or its mail address."""
    text = visit.asked("q").strip()
    found = []
    if text:
        for title, path, permission, of in (
            ("Applications", "/applications", Permission.READ_APPLICATIONS, "external"),
            ("Users", "/users", Permission.READ_USERS, "display_name"), ("Groups", "/groups", Permission.READ_USERS, ""),
        ):
            brief = {"brief": "true"} if path == "/groups" else {}
            rows = await visit.get_if(permission, path, [], search=text, limit=_MOST + 1, **brief)
            named = [(row["name"], one_of(path.strip("/"), row["name"]), row.get(of, "")) for row in rows[:_MOST]]
            found.append((title, named, len(rows) > _MOST, path))
        rows = await visit.get_if(Permission.READ_CONNECTORS, "/connectors", [])
        fits = [row for row in rows if text.casefold() in row["name"].casefold()]
        named = [(row["name"], one_of("connectors", row["id"]), row["group"]) for row in fits[:_MOST]]
        found.append(("Connectors", named, len(fits) > _MOST, "/connectors"))
    return PageContent("search", "Search", {"text": text, "found": [one for one in found if one[1]]})
