"""What the service's own pages say and look like."""

from __future__ import annotations

from base64 import b64encode

from appproxy.admin.base.principal import Permission
from appproxy.branding import BRAND_KEYS
from appproxy.console.answers import PageContent, Redirection
from appproxy.console.visit import Visit


async def page(visit: Visit) -> PageContent:
    """All keys, explained; a picture is told by what it is."""
    found, tag = await visit.get_tagged("/branding")
    rows = [{**one, "text": found.get(one["key"], ""), "is_picture": BRAND_KEYS[one["key"]].is_picture}
            for one in await visit.get("/branding-settings")]
    return PageContent("branding", "Branding", {
        "rows": rows, "tag": visit.said("tag", tag), "may_change": visit.may(Permission.CHANGE_BRANDING)})


async def save(visit: Visit) -> Redirection:
    """What was changed, and pictures that were chosen. Raises Changed."""
    now = await visit.get("/branding")
    given = {key: visit.said(key) for key, one in BRAND_KEYS.items() if key in visit.form and not one.is_picture}
    changed = {key: text for key, text in given.items() if text != now.get(key, "")}
    changed |= {key: b64encode(visit.files[key]).decode() for key, one in BRAND_KEYS.items()
                if one.is_picture and visit.files.get(key)}
    if changed:
        await visit.change_shown("PATCH", "/branding", {"settings": changed})
    return Redirection("/branding", "saved")


async def reset(visit: Visit) -> Redirection:
    """The default of one key again, or of all. Raises Changed."""
    key = visit.said("key")
    await visit.change_shown("DELETE", "/branding", {"keys": [key]} if key else None)
    return Redirection("/branding", "saved")
