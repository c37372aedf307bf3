"""The list of applications, and the form that publishes one."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent, Redirection
from appproxy.console.forms.fields import pairs
from appproxy.console.visit import Visit, listing, one_of
from appproxy.errors import ConfigError


async def listed(visit: Visit) -> PageContent:
    """A page of them, by name, or of those that were searched for; with what no connector serves."""
    connectors = await visit.get_if(Permission.READ_CONNECTORS, "/connectors")
    served = None if connectors is None else {one["group"] for one in connectors if one["status"] == "active"}
    return PageContent("applications", "Applications", {
        "list": await listing(visit, "/applications", "name"), "served": served})


async def publishing(visit: Visit) -> PageContent:
    """The form. Raises Forbidden for who may not publish."""
    visit.require(Permission.PUBLISH)
    groups = await visit.get_if(Permission.READ_CONNECTORS, "/connector-groups", [])
    providers = await visit.get_if(Permission.READ_PROVIDERS, "/providers", [])
    return PageContent("publish", "Publish an application", {
        "groups": [one["name"] for one in groups] or ["default"], "providers": [one["name"] for one in providers],
        "answer": None,
    })


async def publish(visit: Visit) -> Redirection | PageContent:
    """Check the form, or publish what it says; then the application's page says whether it can be reached."""
    body = _body(visit)
    if visit.said("do") == "check":
        answer = await visit.change("POST", "/applications", body, dry=True)
        form = await publishing(visit)
        # Filled in as it was sent: nothing is wrong, and nothing was done.
        visit.error = _Checked()
        return PageContent(form.template, form.title, {**form.context, "answer": answer})
    made = await visit.change("POST", "/applications", body)
    return Redirection(one_of("applications", made["id"]) + "?check=yes", "published")


class _Checked(ConfigError):
    """Stands for no error: the form is shown with what was written in it."""


def _body(visit: Visit) -> Mapping[str, object]:
    """Raises ConfigError for what goes with nothing else that was said."""
    settings = {key: text for key in ("tags", "view") if (text := visit.said(key))} | pairs(visit.said("settings"))
    optional = {key: text for key in ("connector_group", "provider") if (text := visit.said(key))}
    people = {} if visit.said("preauth") == "passthrough" else {
        key: texts for key in ("users", "groups") if (texts := visit.chosen(key))}
    if visit.said("everyone") == "yes" and visit.said("preauth") != "passthrough":
        if people:
            raise ConfigError("everyone: goes without users and groups", hint="let everybody in, or name who may")
        settings["assignment_required"] = "no"
    return {
        "name": visit.said("name"), "internal": visit.said("internal"), "external": visit.said("external"),
        "preauth": visit.said("preauth", "oidc") or "oidc", **optional, **people,
        **({"settings": settings} if settings else {}),
    }
