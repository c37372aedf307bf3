"""Every command has a page where the same can be done, or a reason why it has none."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from appproxy.cli.main import appproxy_command
from appproxy.console.pages import PAGES

_ROLES, _ASKED = "/role-assignments", "/role-requests"
#: By a command, or by the beginning of several: where its task is done. A longer beginning comes first.
PLACES = {
    "access": "/access-requests", "app": "/applications", "app cors": "/applications/{application}/parts",
    "app keys": "/applications/{application}/settings", "app logo": "/applications/{application}",
    "app publish": "/applications/new", "app segment": "/applications/{application}/parts",
    "app set": "/applications/{application}/settings", "apply": "/configuration", "assign": "/applications/{application}",
    "audit": "/audit", "audit export": "/audit-exports", "audit verify": "/audit/verification", "branding": "/branding",
    "certificate": "/certificates", "client": "/clients", "connector": "/connectors", "connector-group": "/connectors",
    "connector update-plan": "/connector-updates", "context": "/policies", "device": "/devices",
    "device add": "/users/{user}", "device authority": "/device-authorities", "diff": "/configuration",
    "directory": "/directories", "export": "/configuration/export", "group": "/groups", "location": "/policies",
    "native-client": "/native-clients", "node": "/nodes", "policy": "/policies", "policy break-glass": "/break-glass",
    "policy break-glass add": "/users/{user}", "policy explain": "/applications/{application}",
    "policy replay": "/policy-replay", "policy results": "/policies/{name}",
    "provider": "/providers", "risk": "/risk/sign-ins", "risk users": "/risk/users",
    "role": "/roles", "role approve": _ASKED, "role assign": _ROLES, "role deny": _ASKED, "role end": _ASKED,
    "role entitle": "/role-entitlements", "role request": _ASKED, "role requests": _ASKED, "role unassign": _ROLES,
    "second-factor": "/second-factors", "session": "/sessions", "status": "/", "strength": "/policies",
    "token": "/service-tokens", "unassign": "/applications/{application}", "user": "/users", "user add": "/users/new",
    "user invite": "/users/new", "whoami": "/",
}
_MACHINE = "it is about the files or the process of the machine that it is typed on"
_SHELL = "it is for the shell that it is typed in"
REASONS = {
    "backup": _MACHINE, "restore": _MACHINE, "reseal": _MACHINE, "reload": _MACHINE, "init": _MACHINE, "demo": _MACHINE,
    "health": "it is for a container's runtime; balancers ask /live and /ready", "doctor": "it looks at the machine; what the "
    "service knows stands on /, on the pages of connectors, providers, directories and exports, each with its own test",
    "completion": _SHELL, "manual": _SHELL, "login": _SHELL, "logout": _SHELL, "remote list": _SHELL, "remote use": _SHELL,
    "connector join": "it makes the state of the machine that it is typed on; /device lets it in",
    "connector update-lease": "a script asks for its turn by it; /connector-updates shows whose turn it is",
    "node join": _MACHINE, "node token": "what it prints opens everything: nobody gets it from afar",
    "upgrade-notes": "it tells what the installed program changes, before it is started",
    "blocklist": "it is piped to nft at a firewall; /limits shows who met a limit",
}


def commands(group: click.Group = appproxy_command, above: str = "") -> Iterator[str]:
    """All that do something, by their words."""
    for name, one in group.commands.items():
        called = f"{above} {name}".strip()
        if isinstance(one, click.Group):
            yield from commands(one, called)
            if one.invoke_without_command:
                yield called
        elif not one.hidden:
            yield called


def place_of(command: str) -> str:
    """Where its task is done, by the longest beginning that is known; "" for none."""
    words = command.split()
    return next((PLACES[part] for end in range(len(words), 0, -1) if (part := " ".join(words[:end])) in PLACES), "")


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_has_a_page(command: str) -> None:
    """A page that there is; a reason is given by who has decided that there need be none."""
    there = {page.path for page in PAGES if page.method == "GET"}
    assert command in REASONS or place_of(command) in there, f"{command}: say where it is done on the pages, or why not"


def test_nothing_is_said_of_what_there_is_not() -> None:
    """Places and reasons are of commands that there are, and none has both."""
    known = set(commands())
    assert sorted(REASONS.keys() - known) == []
    assert [one for one in PLACES if not any(name == one or name.startswith(f"{one} ") for name in known)] == []
    assert sorted(PLACES.keys() & REASONS.keys()) == []
