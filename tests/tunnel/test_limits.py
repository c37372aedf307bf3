"""Every limit that is written down is one that somebody keeps."""

from __future__ import annotations

import ast
import dataclasses

from appproxy.config.connector import ConnectorSettings, PoolSettings
from appproxy.config.service import ServiceLimits, ServiceSettings
from appproxy.service.relay.connectors.roster import RosterLimits
from appproxy.tunnel.limits import TunnelLimits
from tests import source


def read(where: set[str], skip: str) -> set[str]:
    """Names that are read of values that are called so, in all of the code but the file that defines them."""
    found = set()
    for path in source.files():
        if path.relative_to(source.ROOT).as_posix() == skip:
            continue
        for node in source.nodes(path):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _name(node.value) in where:
                found.add(node.attr)
    return found


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def names(kind: type) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_limits_of_the_tunnel_are_kept() -> None:
    """A number in the specification that no line of code reads promises what nobody keeps."""
    assert names(TunnelLimits) - read({"limits", "_limits", "DEFAULT_LIMITS"}, "tunnel/limits.py") == set()


def test_limits_of_the_roster_are_kept() -> None:
    """They are named in its own file."""
    assert names(RosterLimits) - read({"limits"}, "") == set()


def test_settings_are_read() -> None:
    """A setting that nobody reads misleads whoever sets it."""
    places = {"limits", "settings", "_settings", "pool", "self"}
    assert names(ServiceLimits) | names(ServiceSettings) <= read(places, "") | {"limits"}
    assert names(ConnectorSettings) | names(PoolSettings) <= read(places, "") | {"pool"}
