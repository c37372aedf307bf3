"""Signing in, out, and being refused, through real processes."""

from __future__ import annotations

import json

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PASSWORD, World


def test_a_user_signs_in_and_sees_the_application(world: World, visitor: Visitor) -> None:
    """Opening an application leads to the sign-in page, and from there to the application, which knows the user."""
    asked = visitor.navigate(world.url("sample"))
    assert asked.status == 200
    assert asked.url.startswith(world.url("signin", "/"))
    page = visitor.submit(asked, username="alice", password=PASSWORD)
    assert page.status == 200
    assert page.url == world.url("sample")
    assert "Hello, <span id=\"who\">Alice</span>" in page.text


def test_the_address_survives_the_sign_in(world: World, visitor: Visitor) -> None:
    """A link into the application, with its query, is where the user ends."""
    url = world.url("sample", "/headers?a=1&b=%2F+x")
    page = visitor.sign_in(url, "alice")
    assert page.url == url
    assert json.loads(page.text)["target"] == "/headers?a=1&b=%2F+x"


def test_a_wrong_password_is_refused(world: World, visitor: Visitor) -> None:
    """A wrong password gets the form again, and no cookie for the application."""
    page = visitor.sign_in(world.url("sample"), "alice", "a wrong password")
    assert page.url.startswith(world.url("signin", "/"))
    assert not any(name.startswith("__Host-appproxy-8") for name in visitor.cookies.get("sample.appproxy.localhost", {}))
    assert visitor.get(world.url("sample")).status == 401


def test_who_is_not_assigned_is_refused(world: World, visitor: Visitor) -> None:
    """A user who may not use the application gets a page that says so, after signing in."""
    page = visitor.sign_in(world.url("sample"), "bob")
    assert page.status == 403
    assert "NOT_ASSIGNED" in page.text


def test_programs_get_401_and_no_redirect(world: World, visitor: Visitor) -> None:
    """A call without a session, which no person waits for, gets JSON and a status that programs understand."""
    answer = visitor.get(world.url("sample", "/headers"), Accept="application/json", Sec_Fetch_Mode="cors")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] is not None
    assert json.loads(answer.text)["code"] == "SIGN_IN_REQUIRED"


def test_a_forged_cookie_is_worth_nothing(world: World, alice: Visitor) -> None:
    """Changing one sign of the access cookie makes it no cookie at all."""
    jar = alice.cookies["sample.appproxy.localhost"]
    assert alice.get(world.url("sample", "/headers")).status == 200
    for name, value in jar.items():
        jar[name] = value[:20] + ("A" if value[20] != "A" else "B") + value[21:]
    assert alice.get(world.url("sample", "/headers")).status == 401


def test_the_application_never_sees_the_access_cookie(world: World, alice: Visitor) -> None:
    """Our cookie stays with us; the application's own pass."""
    alice.cookies["sample.appproxy.localhost"]["theirs"] = "42"
    seen = json.loads(alice.get(world.url("sample", "/headers")).text)["fields"]
    assert [value for name, value in seen if name == "cookie"] == ["theirs=42"]


def test_identity_fields_cannot_be_forged(world: World, alice: Visitor) -> None:
    """The name that the application reads is the session's, however the user spells a field of that name."""
    for spelling in ("X-User-Name", "x_user_name", "X-USER_NAME"):
        seen = json.loads(alice.request("GET", world.url("sample", "/headers"), {spelling: "root"}).text)["fields"]
        assert [value for name, value in seen if name.replace("_", "-") == "x-user-name"] == ["Alice"]


def test_passthrough_needs_no_sign_in(world: World, visitor: Visitor) -> None:
    """An application published with passthrough is there for everybody, and gets no identity."""
    answer = visitor.request("GET", world.url("open", "/headers"), {"X-Forwarded-For": "6.6.6.6"})
    assert answer.status == 200
    seen = dict(json.loads(answer.text)["fields"])
    assert "x-user-name" not in seen
    assert seen["x-forwarded-for"] == "127.0.0.1"


def test_signing_out_ends_the_session(world: World, alice: Visitor) -> None:
    """After signing out the application asks for a sign-in again, even of somebody who kept the cookie."""
    kept = dict(alice.cookies["sample.appproxy.localhost"])
    page = alice.submit(alice.navigate(world.url("sample", "/.appproxy/sign-out")))
    assert page.status == 200
    assert page.url.startswith(world.url("signin", "/signed-out"))
    assert alice.get(world.url("sample")).status == 401
    alice.cookies["sample.appproxy.localhost"] = kept
    assert alice.get(world.url("sample")).status == 401
    assert alice.navigate(world.url("sample")).url.startswith(world.url("signin", "/"))


def test_an_unknown_host_is_not_found(world: World, visitor: Visitor) -> None:
    """A host on which nothing is published gets 404, with the request's id on the page."""
    answer = visitor.navigate(world.url("nothing"))
    assert answer.status == 404
    assert answer.headers["X-Request-ID"] in answer.text
