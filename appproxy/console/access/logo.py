"""The logo of an application, on its page: looked at, given and taken away."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from appproxy.console.answers import Redirection
from appproxy.console.visit import Visit, one_of
from appproxy.errors import ConfigError


async def shown(visit: Visit, application: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What it is, with an address that holds the picture itself; None where there is none."""
    if not application["logo"]:
        return None
    found = await visit.get(one_of("applications", application["id"]) + "/logo")
    return {**found, "address": f"data:{found['kind']};base64,{found['picture']}"}


async def put(visit: Visit) -> Redirection:
    """Give it the picture that was chosen. Raises ConfigError or Changed."""
    picture = visit.files.get("picture")
    if not picture:
        raise ConfigError("picture: choose a file")
    path = one_of("applications", visit.names["application"])
    await visit.change_shown("PUT", path + "/logo", {"picture": b64encode(picture).decode("ascii")})
    return Redirection(path, "saved")


async def remove(visit: Visit) -> Redirection:
    """Take it away. Raises Changed."""
    path = one_of("applications", visit.names["application"])
    await visit.change_shown("DELETE", path + "/logo")
    return Redirection(path, "saved")
