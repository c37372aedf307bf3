"""A role that somebody has when they ask for it: two people, each at the command line of a machine of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.command_line import CommandLine, command_line, let_in, needed
from tests.end_to_end.conftest import make_world
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until

pytestmark = needed
#: Seconds: no role is had for less.
_MINUTE = 60.0


@dataclass(frozen=True)
class People:
    """alice, who administers, and bob, who has no role: both have logged in."""

    world: World
    alice: CommandLine
    bob: CommandLine


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """Both logins wait at the same time."""
    homes = tmp_path_factory.mktemp("homes")
    for world in make_world(tmp_path_factory.mktemp("roles")):
        world.admin("role", "assign", "administrator", "--user", "alice")
        world.admin("role", "entitle", "reader", "--user", "bob", "--longest", "1h", "--approval")
        with command_line(world, homes / "alice") as alice, command_line(world, homes / "bob") as bob:
            waiting = [one.login() for one in (alice, bob)]
            for name, one in zip(("alice", "bob"), waiting, strict=True):
                assert let_in(Visitor(world.port, world.anchor), one, name).status == 200
            ended = [one.end() for one in waiting]
            assert [one.code for one in ended] == [0, 0], ended
            assert "you are Bob, with no role now" in ended[1].out
            yield People(world, alice, bob)


def requested(bob: CommandLine, reason: str, *options: str) -> str:
    """Ask for the role of a reader; gives the request's id."""
    told = bob.good("role", "request", "reader", "--reason", reason, *options)
    id_, _, rest = told.partition(":")
    assert rest.strip() == f"another person has to approve it: appproxy role approve {id_}", told
    return id_


def test_asked_for_denied_approved_and_over(people: People) -> None:
    """Each sees what the other does; nobody approves their own; the role ends by itself, at the time that was said."""
    alice, bob = people.alice, people.bob
    refused = bob("app", "list")
    assert refused.code == 1 and "applications.read" in refused.err
    assert [one["role"] for one in bob.json("role", "requests", "--mine")] == ["reader"]
    unknown = bob("role", "request", "administrator", "--reason", "curious")
    assert unknown.code == 1 and "appproxy role requests --mine" in unknown.err

    first = requested(bob, "to look")
    own = bob("role", "approve", first)
    assert own.code == 1 and "roles.change" in own.err
    assert alice.good("role", "deny", first).strip() == "Bob (bob, builtin) does not get reader"
    assert bob("app", "list").code == 1

    second = requested(bob, "an incident in Bern", "--for", "1m")
    shown = alice.good("role", "requests")
    assert second in shown and "an incident in Bern" in shown
    told = alice.good("role", "approve", second)
    begun = time.monotonic()
    assert told.startswith("Bob (bob, builtin) is reader until ")
    assert "sample" in bob.good("app", "list") and "with reader" in bob.good("whoami")
    again = bob("role", "request", "reader", "--reason", "longer")
    assert again.code == 1, again.out
    assert bob("app", "remove", "sample").code == 1

    until(lambda: "with no role now" in bob.good("whoami"), "the role does not end", 90)
    assert time.monotonic() - begun > _MINUTE - 5
    assert bob("app", "list").code == 1
    states = {one["id"]: one["state"] for one in bob.json("role", "requests")}
    assert states[first] == "denied" and states[second] not in ("active", "waiting"), states
    actions = [one["action"] for one in people.world.admin_json("audit")]
    assert {"role.entitle", "role.request", "role.deny", "role.approve"} <= set(actions)


def test_an_entitlement_is_taken_away(people: People) -> None:
    """By another command line, with what was had by it: from the next command on."""
    alice, bob = people.alice, people.bob
    alice.good("role", "entitle", "auditor", "--user", "bob", "--longest", "1h")
    told = bob.good("role", "request", "auditor", "--reason", "the yearly look")
    assert told.startswith("you are auditor until "), told
    assert bob.json("audit")
    assert "can ask for auditor no more" in alice.good("role", "entitle", "auditor", "--user", "bob", "--remove")
    assert bob("audit").code == 1


def test_a_role_is_ended_before_its_time(people: People) -> None:
    """By who has it, then by who may give it: from the next command on, wherever it was run."""
    alice, bob = people.alice, people.bob
    alice.good("role", "entitle", "auditor", "--user", "bob", "--longest", "1h")
    for who in (bob, alice):
        bob.good("role", "request", "auditor", "--reason", "a look")
        assert bob.json("audit")
        asked = next(one["id"] for one in bob.json("role", "requests") if one["state"] == "active")
        assert who.good("role", "end", asked).startswith("Bob (bob, ")
        assert bob("audit").code == 1
    again = bob("role", "end", asked)
    assert again.code == 1 and "is over" in again.err
    assert [one["action"] for one in people.world.admin_json("audit", "--action", "role.end")] == ["role.end"] * 2
    alice.good("role", "entitle", "auditor", "--user", "bob", "--remove")
