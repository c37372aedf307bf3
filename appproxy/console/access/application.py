"""The page of one application: what it is set to, who may use it, what applies to it, what failed, and how to try it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.console.access import logo
from appproxy.console.access.chart import answers, bars
from appproxy.console.access.trying import more, tried
from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import Visit, one_of

#: Columns of an application that the first form changes.
COLUMNS = ("name", "internal", "external", "preauth", "connector_group", "provider")
#: Who is assigned, on the page; the rest is counted.
_MOST_ASSIGNED = 200


async def show(visit: Visit) -> PageContent:
    """With `check`, what can be said about its being reached; with `user`, what the policies make of that user."""
    name = visit.names["application"]
    found, tag = await visit.get_tagged(one_of("applications", name))
    path, id_ = one_of("applications", found["id"]), found["id"]
    assigned, traffic = found["assignments"], await visit.get(path + "/traffic")
    return PageContent("application", found["name"], {
        "one": found, "path": path, "tag": visit.said("tag", tag), "assigned": assigned[:_MOST_ASSIGNED],
        "left_out": max(len(assigned) - _MOST_ASSIGNED, 0),
        "checks": await visit.get(path + "/check") if visit.asked("check") else None,
        "failures": await visit.get(path + "/failures"), "traffic": traffic, "bars": bars(traffic["minutes"]),
        "answers": answers(traffic["answers"]),
        "most": max((one["requests"] for one in traffic["minutes"]), default=0),
        "policies": applying(await visit.get_if(Permission.READ_POLICIES, "/policies", []), found),
        "tried": await tried(visit, found["id"]), "more": more(visit),
        "logo": await logo.shown(visit, found), "may_change": visit.may(Permission.CHANGE_APPLICATIONS, id_),
        "may_assign": visit.may(Permission.CHANGE_ACCESS, id_),
    })


def applying(policies: Iterable[Mapping[str, Any]], application: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The policies that are about an application, off ones left out."""
    tags = {f"tag:{tag.strip()}" for tag in application["settings"].get("tags", "").replace(",", " ").split()}
    called = {"all", application["name"], application["id"], *tags}
    return [
        one for one in policies
        if one.get("state") != "off" and _names(one, "include") & called and not _names(one, "exclude") & called
    ]


def _names(policy: Mapping[str, Any], which: str) -> set[str]:
    about = policy["document"].get("applications", {})
    return set(about.get(which, ())) if isinstance(about, Mapping) else set()


async def settings(visit: Visit) -> PageContent:
    """All settings by topic, explained; those that differ from their defaults first."""
    found, tag = await visit.get_tagged(one_of("applications", visit.names["application"]))
    keys = await visit.get("/application-settings")
    topics = by_topic(keys, found["settings"])
    return PageContent("settings", f"Settings of {found['name']}", {
        "one": found, "path": one_of("applications", found["id"]), "tag": visit.said("tag", tag), "topics": topics,
        "families": [one for one in keys if one["key"].endswith(".NAME")],
        "named": {key: text for key, text in found["settings"].items() if "." in key},
        "may_change": visit.may(Permission.CHANGE_APPLICATIONS, found["id"]),
    })


def by_topic(keys: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the table of settings, with what they are set to, by topic. `is_file`: a text of many lines, which commands
    read from a file.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for one in keys:
        if "topic" in one:
            file = f"{one['key']}=@FILE"
            found.setdefault(one["topic"], []).append({
                **one, "text": texts.get(one["key"], ""), "is_file": file in one["explanation"],
                "explanation": one["explanation"].replace(f": {file}", "")})
    return found


async def save(visit: Visit) -> Redirection:
    """Change what the form has changed of one topic, or one setting with a name in it. Raises Changed."""
    found = await visit.get(one_of("applications", visit.names["application"]))
    now = found["settings"]
    given = {key[4:]: visit.said(key) for key in visit.form if key.startswith("set.")}
    if key := visit.said("key"):
        given[key] = visit.said("value")
    changed = {key: text for key, text in given.items() if text != now.get(key, "")}
    path = one_of("applications", found["id"])
    if changed:
        older = {"older_crl": True} if visit.said("older_crl") == "yes" else {}
        await visit.change_shown("PATCH", path, {"settings": changed, **older})
    return Redirection(path + "/settings", "saved")


async def save_columns(visit: Visit) -> Redirection:
    """Change what it is called, where it is and where it leads. Raises Changed."""
    found = await visit.get(one_of("applications", visit.names["application"]))
    shown = {**found, "provider": ",".join(found["providers"])}
    changed = {key: visit.said(key) for key in COLUMNS if key in visit.form and visit.said(key) != shown[key]}
    path = one_of("applications", found["id"])
    if changed:
        await visit.change_shown("PATCH", path, {"settings": changed})
    return Redirection(path, "saved")


async def assign(visit: Visit) -> Redirection:
    """Let a user or a group in."""
    kind, who = visit.said("kind"), visit.said("who")
    body: dict[str, object] = {"group" if kind == "group" else "user": who}
    if maintainer := visit.said("maintainer"):
        body["maintainer"] = maintainer == "yes"
    if provider := visit.said("provider"):
        body["provider"] = provider
    if expires := visit.said("expires"):
        body["expires"] = expires
    path = one_of("applications", visit.names["application"])
    await visit.change("POST", path + "/assignments", body)
    return Redirection(path, "assigned")


async def unassign(visit: Visit) -> Redirection:
    """Let them in no longer."""
    path = one_of("applications", visit.names["application"])
    kind = "group" if visit.said("kind") == "group" else "user"
    await visit.change("DELETE", path + "/assignments", {kind: visit.said("value"), "provider": visit.said("provider")})
    return Redirection(path, "unassigned")


async def remove(visit: Visit) -> Redirection:
    """Publish it no longer."""
    await visit.change_shown("DELETE", one_of("applications", visit.names["application"]))
    return Redirection("/applications", "removed")
