"""An application elsewhere, Apache with mod_auth_openidc, signs people in at the built-in provider and is signed out by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.end_to_end.relying_party import HOST, RelyingParty, prepared
from tests.end_to_end.test_devices import BETWEEN, ROOT, Device, laptop
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, in_process, until

SECRET_PAGE = "what only users see"


@pytest.fixture(scope="module", params=["client_secret_basic", "client_secret_post"])
def party(world: World, request: pytest.FixtureRequest) -> Iterator[RelyingParty]:
    """Registered as its documentation says, and running."""
    with prepared() as made:
        told = world.admin_json(
            "client", "add", f"Elsewhere {request.param}", "--redirect-uri", made.callback,
            "--post-logout-redirect-uri", f"{made.url}/public/",
            "--backchannel-logout-uri", f"{made.callback}?logout=backchannel", "--backchannel-logout-session-required",
            "--ca-bundle", str(made.anchor),
        )  # fmt: skip
        with made.running(told["issuer"], told["id"], told["secret"], world.anchor, request.param):
            yield made


@pytest.fixture
def alice(world: World, party: RelyingParty) -> Visitor:
    """A browser, signed in to the application elsewhere."""
    made = another(world, party)
    page = made.sign_in(party.url + "/", "alice")
    assert SECRET_PAGE in page.text, page.text + party.log
    return made


def another(world: World, party: RelyingParty) -> Visitor:
    """Another browser."""
    made = Visitor(world.port, world.anchor)
    made.elsewhere[HOST] = party.port
    made.trust(party.anchor)
    return made


def is_in(visitor: Visitor, party: RelyingParty) -> bool:
    """Does the application elsewhere show its page, without asking anybody?"""
    answer = visitor.get(party.url + "/", accept="text/html")
    assert answer.status in (200, 302), answer.text
    return answer.status == 200


def noted(world: World, action: str) -> dict[str, Any]:
    """The last entry of the audit with this action, which is written within a second."""
    def found() -> list[dict[str, Any]]:
        return [one for one in world.admin_json("audit") if one["action"] == action]

    return until(found, f"no {action} in the audit", 10)[0]


def test_one_sign_in_for_both(world: World, party: RelyingParty, alice: Visitor) -> None:
    """Whoever is signed in elsewhere is signed in here; the audit says where."""
    assert alice.navigate(world.url("sample", "/")).status == 200
    row = noted(world, "client.sign_in")
    assert row["detail"]["name"].startswith("Elsewhere") and row["detail"]["address"] == "127.0.0.1"


def test_signed_out_here(world: World, party: RelyingParty, alice: Visitor) -> None:
    """A sign-out from an application here ends the session elsewhere, that of another browser not."""
    bob = another(world, party)
    bob.sign_in(party.url + "/", "bob")
    alice.navigate(world.url("sample", "/"))
    alice.submit(alice.navigate(world.url("sample", "/.appproxy/sign-out")))
    until(lambda: not is_in(alice, party), "the session elsewhere goes on: " + party.log, 10)
    assert is_in(bob, party)
    assert noted(world, "client.signed_out")["detail"]["tries"] == 1


@pytest.mark.parametrize("end", ["session", "disable"])
def test_ended_by_an_administrator(world: World, party: RelyingParty, alice: Visitor, end: str) -> None:
    """Who is shown out here is out there."""
    if end == "disable":
        world.admin("user", "disable", "alice")
        world.admin("user", "enable", "alice")
    else:
        world.admin("session", "revoke", "--user", "alice")
    until(lambda: not is_in(alice, party), "the session elsewhere goes on: " + party.log, 10)


def test_signed_out_there(world: World, party: RelyingParty, alice: Visitor) -> None:
    """A sign-out elsewhere ends the session here and leads back, and nobody is asked."""
    alice.navigate(world.url("sample", "/"))
    assert alice.get(world.url("sample", "/"), accept="text/html").status == 200
    page = alice.navigate(f"{party.callback}?{urlencode({'logout': party.url + '/public/'})}")
    assert "what everybody sees" in page.text and page.url == party.url + "/public/"
    assert not is_in(alice, party)
    assert 'name="password"' in alice.navigate(world.url("sample", "/")).text
    assert f"signin.{DOMAIN}" in alice.navigate(party.url + "/").url


def test_policies(world: World, party: RelyingParty, tmp_path: Path) -> None:
    """Are asked before the application elsewhere hears of anybody: a block says why, a second factor is set up on the way."""
    name = max(world.admin_json("client", "list"), key=lambda one: one["created"])["name"]
    document = tmp_path / "policy.toml"

    def put(grant: str) -> None:
        document.write_text(
            'name = "elsewhere"\nstate = "on"\nmessage = "Elsewhere you need two."\n[users]\ninclude = ["user:bob"]\n'
            f'[applications]\ninclude = ["relying-party:{name}"]\n[grant]\n{grant}\n')
        world.admin("policy", "set", str(document))

    put("block = true")
    bob = another(world, party)
    page = bob.sign_in(party.url + "/", "bob")
    assert page.status == 403 and "Elsewhere you need two." in page.text and f"signin.{DOMAIN}" in page.url
    assert not is_in(bob, party)
    until(lambda: any(
        (one["action"], one["detail"].get("name")) == ("client.sign_in_refused", name) for one in world.admin_json("audit")),
        "no refusal in the audit", 10)
    told = in_process(
        "--state", str(world.state), "policy", "explain", "--app", f"relying-party:{name}", "--user", "bob", "--json")
    assert told.code == 1 and json.loads(told.out)["verdict"] == "refuse"
    put('require = ["mfa"]')
    page = bob.navigate(party.url + "/")
    assert "Set up a second factor" in page.text and "Elsewhere you need two." in page.text
    alice = another(world, party)
    assert SECRET_PAGE in alice.sign_in(party.url + "/", "alice").text
    world.admin("policy", "remove", "elsewhere")
    assert SECRET_PAGE in bob.navigate(party.url + "/").text


def test_a_device(world: World, party: RelyingParty, tmp_path: Path) -> None:
    """Is proved on the way, at its own host, and once for the session; who has none reads the admin's words."""
    name = max(world.admin_json("client", "list"), key=lambda one: one["created"])["name"]
    authority, document = tmp_path / "authority.pem", tmp_path / "policy.toml"
    authority.write_text(ROOT.pem + BETWEEN.pem)
    document.write_text(
        'name = "elsewhere"\nstate = "on"\nmessage = "Use a laptop of the company."\n[users]\ninclude = ["user:bob"]\n'
        f'[applications]\ninclude = ["relying-party:{name}"]\n[grant]\nrequire = ["device"]\n')
    world.admin("device", "authority", "add", "company", "--certificate", str(authority))
    world.admin("policy", "set", str(document))
    try:
        bob = Device(world, tmp_path, laptop(), BETWEEN)
        bob.elsewhere[HOST] = party.port
        bob.trust(party.anchor)
        assert SECRET_PAGE in bob.sign_in(party.url + "/", "bob").text
        page = another(world, party).sign_in(party.url + "/", "bob")
        assert page.status == 403 and f"device.{DOMAIN}" in page.url
        assert "Use a laptop of the company." in page.text and "has shown no certificate" in page.text
    finally:
        world.admin("policy", "remove", "elsewhere")
        world.admin("device", "authority", "remove", "company")
