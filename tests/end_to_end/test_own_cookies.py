"""Our cookies on a host that several applications share: none of them sees any, and a value counts only where it was made."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, until

_HOST = f"shared.{DOMAIN}"


@pytest.fixture(scope="module", autouse=True)
def published(world: World) -> None:
    """Two applications on one host, each with a host of its own beside it."""
    for name in ("pa", "pb"):
        world.admin("app", "publish", name, "--internal", world.internal, "--external", world.url("shared", f"/{name}/"),
                    "--set", f"alternate_hosts={name}.{DOMAIN}")
        world.admin("assign", name, "--user", "alice")


def _seen(visitor: Visitor, url: str) -> list[str]:
    """The Cookie lines that the application at `url` gets."""
    answer = visitor.get(url)
    assert answer.status == 200, answer.text
    return [value for name, value in json.loads(answer.text)["fields"] if name == "cookie"]


def test_a_neighbour_never_sees_our_cookies(world: World, visitor: Visitor) -> None:
    """Not after the application that they belong to has moved to another path; and they open nothing there."""
    assert visitor.sign_in(world.url("shared", "/pa/"), "alice").status == 200
    assert visitor.navigate(world.url("shared", "/pb/")).status == 200
    jar = visitor.cookies[_HOST]
    old = {name: value for name, value in jar.items() if "appproxy" in name}
    assert len(old) == 2
    jar["theirs"] = "1"
    assert _seen(visitor, world.url("shared", "/pb/headers")) == ["theirs=1"]

    world.admin("app", "set", "pa", f"external={world.url('shared', '/pc/')}")
    until(lambda: visitor.get(world.url("shared", "/pc/")).status == 401, "the move is not live")
    assert _seen(visitor, world.url("shared", "/pb/headers")) == ["theirs=1"]
    new_name = _sign_in_again(world)
    for value in old.values():
        jar[new_name] = value
        assert visitor.get(world.url("shared", "/pc/")).status == 401
    del jar[new_name]
    assert visitor.navigate(world.url("shared", "/pc/headers")).status == 200  # through the provider, who knows alice


def _sign_in_again(world: World) -> str:
    """The name of the access cookie after the move."""
    other = Visitor(world.port, world.anchor)
    assert other.sign_in(world.url("shared", "/pc/"), "alice").status == 200
    (name,) = [name for name in other.cookies[_HOST] if "appproxy" in name]
    return name


def test_a_value_of_one_host_opens_nothing_on_another(world: World, visitor: Visitor) -> None:
    """Alternate hosts of one application have sessions of their own."""
    assert visitor.sign_in(world.url("pb", "/pb/"), "alice").status == 200
    (pair,) = visitor.cookies[f"pb.{DOMAIN}"].items()
    other = Visitor(world.port, world.anchor)
    other.cookies[_HOST] = dict([pair])
    assert other.get(world.url("shared", "/pb/")).status == 401
