"""What is around every page: navigation, search, who has signed in, and what the last form came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined

from appproxy.admin.base.principal import Permission
from appproxy.branding import Brand
from appproxy.console import moments
from appproxy.console.answers import PageContent
from appproxy.console.records import values
from appproxy.console.visit import Visit, one_of

_P = Permission


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """A link of the navigation, for who has the permission."""

    path: str
    label: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class NavigationSection:
    """Links that belong together."""

    label: str
    links: tuple[NavigationLink, ...]


NAVIGATION = (
    NavigationSection("Access", (
        NavigationLink("/applications", "Applications", _P.READ_APPLICATIONS),
        NavigationLink("/policies", "Policies", _P.READ_POLICIES),
        NavigationLink("/sessions", "Sessions", _P.READ_SESSIONS),
        NavigationLink("/risk/sign-ins", "Sign-ins at risk", _P.READ_RISK),
        NavigationLink("/risk/users", "Users at risk", _P.READ_RISK),
    )),
    NavigationSection("People", (
        NavigationLink("/users", "Users", _P.READ_USERS),
        NavigationLink("/groups", "Groups", _P.READ_USERS),
        NavigationLink("/providers", "Identity providers", _P.READ_PROVIDERS),
        NavigationLink("/directories", "Directories", _P.READ_DIRECTORIES),
        NavigationLink("/second-factors", "Second factors", _P.READ_USERS),
        NavigationLink("/break-glass", "Break-glass users", _P.READ_USERS),
        NavigationLink("/devices", "Devices", _P.READ_USERS),
        NavigationLink("/device-authorities", "Device authorities", _P.READ_POLICIES),
    )),
    NavigationSection("Programs", (
        NavigationLink("/service-tokens", "Service tokens", _P.READ_TOKENS),
        NavigationLink("/native-clients", "Native clients", _P.READ_TOKENS),
        NavigationLink("/clients", "Clients", _P.READ_TOKENS),
    )),
    NavigationSection("Service", (
        NavigationLink("/connectors", "Connectors", _P.READ_CONNECTORS),
        NavigationLink("/connector-updates", "Connector updates", _P.READ_CONNECTORS),
        NavigationLink("/certificates", "Certificates", _P.READ_CERTIFICATES),
        NavigationLink("/nodes", "Nodes", _P.READ_SERVICE),
        NavigationLink("/probes", "Probes", _P.READ_SERVICE),
        NavigationLink("/branding", "Branding", _P.READ_BRANDING),
        NavigationLink("/configuration", "Configuration", _P.READ_CONFIGURATION),
        NavigationLink("/limits", "Limits", _P.READ_SERVICE),
    )),
    NavigationSection("Administration", (
        NavigationLink("/role-assignments", "Who has which role", _P.READ_ROLES),
        NavigationLink("/roles", "Roles", _P.READ_ROLES),
        NavigationLink("/role-entitlements", "Who may ask for which role", _P.READ_ROLES),
        NavigationLink("/role-requests", "Roles asked for", _P.READ_REQUESTS),
        NavigationLink("/access-requests", "Access asked for", _P.READ_ACCESS),
        NavigationLink("/audit", "Audit", _P.READ_AUDIT),
        NavigationLink("/audit-exports", "Audit exports", _P.READ_AUDIT),
    )),
)
#: What the page after a form says; no text of a query is ever shown.
DONE: Mapping[str, str] = {
    "published": "It is published. Below is what was checked just now.",
    "saved": "The settings are saved, and hold within a second.",
    "assigned": "They may use it from now on.",
    "unassigned": "They may use it no longer.",
    "removed": "It is removed.",
    "added": "It is added.",
    "approved": "The connector carries traffic from now on.",
    "revoked": "The connector is revoked: it is cut off, and cannot come back with its certificate.",
    "moved": "The connector is in the other group now.",
    "user-saved": "The change is saved.",
    "disabled": "The user is disabled, and signed out everywhere.",
    "enabled": "The user may sign in again.",
    "password": "The password is set, and the user is signed out everywhere.",
    "exempt": "No policy concerns the user from now on.",
    "factors": "The second factors are forgotten, and the user is signed out everywhere.",
    "joined-group": "The user is in the group.",
    "left-group": "The user is no longer in the group, and is signed out.",
    "ended": "Signed out: the next request needs a new sign-in.",
    "policy-saved": "It is saved, and holds within a second.",
    "token-removed": "The join token is taken back.",
    "applied": "The configuration is applied.",
    "published-part": "It is published under the application's policy.",
    "confirmed": "It is held against the user from now on, and their sessions have ended.",
    "dismissed": "It is not held against the user, and teaches what is usual for them.",
    "renewing": "The certificate is ordered again; that takes a minute or two.",
}

_environment = Environment(
    loader=PackageLoader("appproxy.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)
_environment.globals.update(
    moment=moments.moment, machine=moments.machine, within=moments.within, many=moments.many, path_of=one_of, P=Permission)

_environment.globals.update(is_time=values.is_time, shown_value=values.shown, as_it_is=lambda name, value="": value)
#: What providers call proofs (RFC 8176), in the words of people.
_PROOFS = {"pwd": "password", "otp": "one-time code", "hwk": "passkey", "swk": "passkey", "mfa": "two factors"}
_environment.filters["proof_word"] = lambda text: _PROOFS.get(text, text)
_environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
_environment.filters["twice"] = lambda texts: [(one, one) for one in texts]

SCRIPT: bytes = _environment.get_template("console.js").render().encode()
SCRIPT_PATH = f"/console-{sha256(SCRIPT).hexdigest()[:16]}.js"
_STYLE: bytes = _environment.get_template("console.css").render().encode()


#: A brand is forgotten some changes after it went.
@lru_cache(maxsize=8)
def sheet_of(brand: Brand) -> tuple[str, bytes]:
    """The style sheet with an organisation's colours, and its path, which is another when it changes."""
    sheet = _STYLE + brand.colours.encode()
    return f"/console-{sha256(sheet).hexdigest()[:16]}.css", sheet


def framed(shown: PageContent, visit: Visit, brand: Brand, proof: str) -> bytes:
    """The whole page, UTF-8. `proof`: the hidden field of its forms."""
    error = visit.error
    return _environment.get_template(f"{shown.template}.html").render(
        title=shown.title, brand=brand, style_path=sheet_of(brand)[0], script_path=SCRIPT_PATH, proof=proof,
        navigation=navigation_of(visit), badges=visit.waiting, here=here_of(visit.path), here_form=form_of(visit),
        who=visit.caller.name, roles=visit.roles, may=visit.may, said=said_in(visit), now=visit.now,
        ago=partial(_ago, visit.now), query=visit.asked, error="" if error is None else error.message,
        hint="" if error is None else error.hint, wrong=wrong_field(visit), done=DONE.get(visit.asked("done"), ""),
        **shown.context,
    ).encode()


def navigation_of(visit: Visit) -> list[NavigationSection]:
    """What the visitor may read of it; sections without anything are left out."""
    found = [
        NavigationSection(one.label, tuple(link for link in one.links if visit.may_somewhere(link.permission)))
        for one in NAVIGATION]
    return [one for one in found if one.links]


def here_of(path: str) -> str:
    """The link of the navigation that a page belongs to."""
    parts = path.split("/")
    first = "/" + parts[1]
    if first in ("/locations", "/strengths", "/contexts", "/policy-replay"):
        return "/policies"
    return f"{first}/{parts[2]}" if first == "/risk" and len(parts) > 2 else first


def form_of(visit: Visit) -> str:
    """What a form is for: the last word of its path, behind that of the page whose `key` is in it; "" for the page's own."""
    key = visit.names.get("key")
    last = visit.path.rpartition("/")[2] if visit.method == "POST" else ""
    return "" if key is not None and unquote(last) == key else last


def _ago(now: float, time: float | None) -> str:
    return moments.relative(time, now)


def said_in(visit: Visit) -> Callable[..., str]:
    """What a field is filled with: what the visitor has written, when that was refused; else what there is."""
    def said(name: str, default: object = "") -> str:
        if visit.error is not None and name in visit.form:
            return visit.said(name)
        return str(default)

    return said


def wrong_field(visit: Visit) -> str:
    """The field that a refusal is about, "" for none: errors begin with the name of what is wrong."""
    if visit.error is None:
        return ""
    name = visit.error.message.partition(":")[0]
    return name if name in visit.form else ""
