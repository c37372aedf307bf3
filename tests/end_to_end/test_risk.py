"""Risk before real users: stuffing that finds a password, a second factor for it, and an admin who confirms and dismisses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.native import Native, allow_device
from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.test_policies import set_, set_up
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, until

ATTACKER, HOME = "127.0.0.88", "127.0.0.89"
USERS = ("rita", "rosa", "rolf")
#: Others whose names are in the attacker's list: passwords that are tried count, made-up names hardly do.
LEAKED = [f"leaked{number}" for number in range(12)]
ASK = """
name = "at risk"
state = "on"
message = "This sign-in is unusual."
[users]
include = ["all"]
[applications]
include = ["risky"]
[conditions.sign_in_risk]
include = ["medium", "high"]
[grant]
require = ["mfa"]
"""
BLOCK = """
name = "taken over"
state = "on"
message = "Ask the help desk."
[users]
include = ["all"]
[applications]
include = ["risky"]
[conditions.user_risk]
include = ["high"]
[grant]
block = true
"""


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Path]:
    """An application of its own, and a directory for files; no policy is left behind, and nothing is held against anybody."""
    if not any(row["name"] == "risky" for row in world.admin_json("app", "list")):
        world.publish("risky", world.internal)
        for user in (*USERS, *LEAKED):
            world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
        for user in USERS:
            world.admin("assign", "risky", "--user", user)
    yield tmp_path
    for row in world.admin_json("policy", "list"):
        world.admin("policy", "remove", row["name"])
    for user in USERS:
        world.admin("risk", "dismiss", "--user", user)


def stuff(world: World, victim: str) -> tuple[Visitor, Answer]:
    """A list of names and passwords is tried from one address, in the end the victim's; gives the page behind that."""
    visitor = Visitor(world.port, world.anchor, ATTACKER)
    page = visitor.navigate(world.url("risky"))
    for name in LEAKED:
        page = visitor.submit(page, username=name, password=f"the password of {name}")
        assert page.status in (403, 429), page.text
    for number in range(5):
        page = visitor.submit(page, username=victim, password=f"former {number}")
        assert page.status == 403, page.text
    return visitor, visitor.submit(page, username=victim, password=PASSWORD)


def test_stuffing_that_finds_a_password(world: World, place: Path) -> None:
    """The right password at its end is of high risk: the policy asks for a second factor, and who has none gets nowhere. The
    admin sees why; another user at home is asked for nothing.
    """
    set_(world, place, "policy", ASK)
    rosa = Visitor(world.port, world.anchor, HOME)
    assert rosa.sign_in(world.url("risky"), "rosa").status == 200
    visitor, page = stuff(world, "rita")
    assert "Set up a second factor" in page.text, page.text
    assert visitor.get(world.url("risky")).status == 401
    rows = world.admin_json("risk", "list", "--user", "rita")
    assert [(row["level"], row["outcome"], row["state"], row["address"]) for row in rows] == [
        ("high", "asked for more", "open", ATTACKER)]
    assert {part["name"] for part in rows[0]["parts"]} == {"many-names", "failures"}
    assert world.admin_json("risk", "list", "--user", "rosa") == []
    assert [(row["name"], row["level"]) for row in world.admin_json("risk", "users") if row["name"] == "rita"] == [
        ("rita", "high")]
    told = world.admin("risk", "show", rows[0]["id"])
    assert "5 wrong passwords before, from the same address" in told
    # It was Rita herself after all: with the second factor she gets in, and it is settled.
    page, _ = set_up(visitor, page)
    assert (page.status, page.url) == (200, world.url("risky"))
    assert {row["state"] for row in world.admin_json("risk", "list", "--user", "rita")} == {"proved"}
    assert not any(row["name"] == "rita" for row in world.admin_json("risk", "users"))


def test_an_admin_confirms_and_dismisses(world: World, place: Path) -> None:
    """Confirmed: the user's sessions end within a second, streams too, and the policy refuses; dismissed: they are let in."""
    set_(world, place, "policy", BLOCK)
    url = world.url("risky")
    rosa = Visitor(world.port, world.anchor, HOME)
    assert rosa.sign_in(url, "rosa").status == 200
    stream = open_stream(world, rosa, url)
    told = world.admin("policy", "explain", "--app", "risky", "--user", "rosa")
    assert "conditions.user_risk: low" in told
    world.admin("risk", "confirm", "--user", "rosa")
    assert ended([stream], 2.0) == 1
    stream.close()
    page = Visitor(world.port, world.anchor, HOME).sign_in(url, "rosa")
    assert page.status == 403 and "Ask the help desk." in page.text, page.text
    assert [(row["confirmed"], row["level"]) for row in world.admin_json("risk", "users")] == [(True, "high")]
    world.admin("risk", "dismiss", "--user", "rosa")
    assert Visitor(world.port, world.anchor, HOME).sign_in(url, "rosa").status == 200
    actions = [row["action"] for row in world.admin_json("audit", "--limit", "30")]
    assert {"risk.confirm_user", "risk.dismiss_user"} <= set(actions)


def test_what_the_decision_log_has(world: World, place: Path) -> None:
    """A policy about risk is tried on it before it is kept; `unknown` is in no list."""
    set_(world, place, "policy", ASK.replace('include = ["medium", "high"]', 'exclude = ["low"]').replace(
        'require = ["mfa"]', 'sign_in_within = "12h"'))
    rosa = Visitor(world.port, world.anchor, HOME)
    assert rosa.sign_in(world.url("risky"), "rosa").status == 200
    file = place / "proposed.toml"
    file.write_text(ASK.replace('include = ["medium", "high"]', 'exclude = ["low"]'))

    def asked() -> bool:
        found = world.admin_json("policy", "replay", str(file))
        return "asked for more" in str(found)

    until(asked, "the replay asks nobody for more", 20)
    answer = world.admin("risk", "rates")
    assert "FROM POINTS" in answer or "high" in answer


def test_a_program_that_is_let_in_at_risk(world: World, place: Path) -> None:
    """Its token says so: the policy asks the program for a second factor, and nothing of one that is let in at home."""
    world.publish("riskyapi", world.internal, "--set", "bearer=provider")
    for user in ("rolf", "rosa"):
        world.admin("assign", "riskyapi", "--user", user)
    id_ = world.admin("native-client", "add", "Risky CLI", "--app", "riskyapi", "--redirect-uri", "http://127.0.0.1/callback",
                      "--device-codes").strip()
    client = Native(id_, f"https://signin.{DOMAIN}:{world.port}", world.anchor)
    set_(world, place, "policy", ASK.replace('include = ["risky"]', 'include = ["riskyapi"]'))
    attacker, _ = stuff(world, "rolf")
    for visitor, name, status in ((attacker, "rolf", 401), (Visitor(world.port, world.anchor, HOME), "rosa", 200)):
        begun = client.device()
        allow_device(visitor, name, begun["verification_uri"], begun["user_code"])
        got, tokens = client.poll(begun["device_code"])
        assert got == 200, tokens
        answered, _, fields = client.call(world.url("riskyapi", "/headers"), token=tokens["access_token"])
        assert answered == status, fields
        if status == 401:
            assert 'error="insufficient_user_authentication"' in fields["www-authenticate"]
