"""Users of the built-in provider: found, invited, changed, reset, disabled, signed out and removed."""

from __future__ import annotations

from appproxy.admin.base.principal import Permission
from appproxy.console.answers import PageContent, Redirection
from appproxy.console.forms.fields import body_of, form_of
from appproxy.console.records.devices import DEVICES
from appproxy.console.records.kinds import Act
from appproxy.console.records.serving import result_page
from appproxy.console.visit import Visit, listing, one_of

#: Of a user, on their page.
_SESSIONS, _ENTRIES = 20, 10
ADD_DEVICE = Act("POST /users/{user}/devices", "devices", "Add a device",
                 "Its key is fetched once, by the link and the password that you are shown then; or it made its own, and you "
                 "give its certificate request.", closes=True, tells=True)
LIVES = (("1d", "One day"), ("3d", "Three days"), ("7d", "One week"))


async def listed(visit: Visit) -> PageContent:
    """A page of them, by name."""
    return PageContent("users", "Users", {"list": await listing(visit, "/users", "name")})


async def adding(visit: Visit) -> PageContent:
    """The form for a new one. Raises Forbidden for who may add none."""
    visit.require(Permission.CHANGE_USERS)
    return PageContent("new_user", "Add a user", {"lives": LIVES})


async def add(visit: Visit) -> PageContent | Redirection:
    """With a password, or with a link by which they set one."""
    body: dict[str, object] = {key: text for key in ("display_name", "email") if (text := visit.said(key))}
    body |= {"name": visit.said("name"), "groups": visit.chosen("groups")}
    if password := (visit.form.get("password") or [""])[0]:
        made = await visit.change("POST", "/users", {**body, "password": password})
        return Redirection(one_of("users", made["name"]), "added")
    made = await visit.change("POST", "/invitations", {**body, "expires": visit.said("expires", "3d")})
    return PageContent("link", f"{made['name']} is invited", {"made": made})


async def show(visit: Visit) -> PageContent:
    """One of them, with their sessions and what they did last."""
    found, tag = await visit.get_tagged(one_of("users", visit.names["user"]))
    exempt = await visit.get("/break-glass")
    sessions = await visit.get_if(Permission.READ_SESSIONS, "/sessions", [], user=found["name"], limit=_SESSIONS)
    entries = await visit.get_if(Permission.READ_AUDIT, "/audit", [], actor=f"user:{found['id']}", limit=_ENTRIES)
    return PageContent("user", found["display_name"] or found["name"], {
        "one": found, "path": one_of("users", found["name"]), "tag": visit.said("tag", tag), "sessions": sessions,
        "entries": entries,
        "is_exempt": any(one["id"] == found["id"] for one in exempt), "lives": LIVES, "own": not found.get("directory"),
        "add_device": (ADD_DEVICE, form_of(ADD_DEVICE.command)),
    })


async def save(visit: Visit) -> Redirection:
    """Change what they are called, and their mail address. Raises Changed."""
    path = one_of("users", visit.names["user"])
    await visit.change_shown("PATCH", path, {key: visit.said(key) for key in ("display_name", "email") if key in visit.form})
    return Redirection(path, "user-saved")


async def disable(visit: Visit) -> Redirection:
    """Let them sign in no longer, or again."""
    path, wanted = one_of("users", visit.names["user"]), visit.said("disabled") == "yes"
    change = visit.change if wanted else visit.change_shown  # who is to be shut out is, whatever has changed meanwhile
    await change("PATCH", path, {"disabled": wanted})
    return Redirection(path, "disabled" if wanted else "enabled")


async def send_link(visit: Visit) -> PageContent:
    """A link by which they set another password; shown this once."""
    path = one_of("users", visit.names["user"])
    made = await visit.change("POST", path + "/password-link", {"expires": visit.said("expires", "1d")})
    return PageContent("link", f"A link for {made['name']}", {"made": made})


async def set_password(visit: Visit) -> Redirection:
    """Another password, that somebody hands over."""
    path = one_of("users", visit.names["user"])
    await visit.change_shown("PUT", path + "/password", {"password": (visit.form.get("password") or [""])[0]})
    return Redirection(path, "password")


async def exempt(visit: Visit) -> Redirection:
    """No policy is to concern them. Raises Changed."""
    await visit.change("PUT", one_of("break-glass", visit.names["user"]))
    return Redirection(one_of("users", visit.names["user"]), "exempt")


async def add_device(visit: Visit) -> PageContent:
    """One of theirs: the link and the password by which its key is fetched are shown this once."""
    path = one_of("users", visit.names["user"], "devices")
    answer = await visit.change("POST", path, body_of(ADD_DEVICE.command, visit.form))
    return result_page(DEVICES, f"A device of {visit.names['user']}", answer)


async def forget_factors(visit: Visit) -> Redirection:
    """Their second factors: they set up others."""
    path = one_of("users", visit.names["user"])
    await visit.change_shown("DELETE", path + "/factors")
    return Redirection(path, "factors")


async def change_group(visit: Visit) -> Redirection:
    """Into a group, or out of one."""
    path, leaves = one_of("users", visit.names["user"]), visit.said("do") == "leave"
    await visit.change("DELETE" if leaves else "PUT", path + one_of("groups", visit.said("group")))
    return Redirection(path, "left-group" if leaves else "joined-group")


async def sign_out(visit: Visit) -> Redirection:
    """End all their sessions."""
    await visit.change("POST", "/sessions/revoke", {"user": visit.names["user"]})
    return Redirection(one_of("users", visit.names["user"]), "ended")


async def remove(visit: Visit) -> Redirection:
    """Remove them."""
    await visit.change_shown("DELETE", one_of("users", visit.names["user"]))
    return Redirection("/users", "removed")
