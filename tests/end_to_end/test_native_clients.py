"""Native clients of the built-in provider: device codes, codes with PKCE, refresh tokens, and who takes their tokens."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time

import pytest

from tests.end_to_end.native import Native, allow_device
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, until

REDIRECT = "http://127.0.0.1:39999/callback"


@pytest.fixture(scope="module")
def client(world: World) -> Native:
    """A client for an application that alice may use."""
    world.publish("orders", world.internal, "--set", "bearer=provider", "--set", "header.x-user-email=email",
                  "--set", "header.x-user-name=name")
    world.publish("other", world.internal, "--set", "bearer=provider")
    world.admin("assign", "orders", "--user", "alice")
    id_ = world.admin("native-client", "add", "Orders CLI", "--app", "orders", "--redirect-uri", "http://127.0.0.1/callback",
                      "--device-codes").strip()
    return Native(id_, f"https://signin.{DOMAIN}:{world.port}", world.anchor)


@pytest.fixture
def alice(world: World) -> Visitor:
    """A browser."""
    return Visitor(world.port, world.anchor)


def claims(token: str) -> dict[str, object]:
    """What an access token says."""
    part = token.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def offered(client: Native) -> dict[str, object]:
    """What a program is told that asks for a device code."""
    url = client.metadata()["device_authorization_endpoint"]
    said: dict[str, object] = client.call(url, {"client_id": client.client_id})[1]
    return said


def test_a_device(world: World, client: Native, alice: Visitor) -> None:
    """It waits, somebody types its code and allows it, and its token opens the application as that user."""
    begun = client.device()
    assert begun["verification_uri"] == f"{client.issuer}/device" and begun["interval"] == 5
    assert client.poll(begun["device_code"]) == (400, {"error": "authorization_pending"})
    assert client.poll(begun["device_code"])[1]["error"] == "slow_down"
    done = allow_device(alice, "alice", begun["verification_uri"], begun["user_code"])
    assert "signed in on the other device" in done.text
    status, tokens = client.poll(begun["device_code"])
    assert status == 200, tokens
    said = claims(tokens["access_token"])
    assert (said["aud"], said["client_id"], said["iss"]) == (world.url("orders"), client.client_id, client.issuer)
    status, page, _ = client.call(world.url("orders", "/headers"), token=tokens["access_token"])
    assert status == 200 and "Alice" in str(page) and tokens["access_token"][-20:] not in str(page)
    assert client.poll(begun["device_code"])[0] == 400
    status, _, fields = client.call(world.url("other"), token=tokens["access_token"])
    assert status == 401 and 'error="invalid_token"' in fields["www-authenticate"]


def test_a_device_that_nobody_wants(world: World, client: Native, alice: Visitor) -> None:
    """Denied is denied; and a code that is not there is not."""
    begun = client.device()
    assert "No program waits" in alice.submit(alice.navigate(begun["verification_uri"]), user_code="BBBB-BBBB").text
    allow_device(alice, "alice", begun["verification_uri"], begun["user_code"], allow=False)
    assert client.poll(begun["device_code"])[1]["error"] == "access_denied"


def test_device_codes_are_switched_off(world: World, client: Native, alice: Visitor) -> None:
    """A program gets none then, a device that waits gets nothing, and its users still sign in with a browser."""
    begun = client.device()
    world.admin("native-client", "set", "Orders CLI", "--no-device-codes")
    try:
        until(lambda: offered(client).get("error") == "unauthorized_client", "device codes are still given")
        assert client.poll(begun["device_code"])[1]["error"] == "unauthorized_client"
        assert "No program waits" in alice.submit(alice.navigate(begun["verification_uri"]), user_code=begun["user_code"]).text
        assert client.by_browser(alice, "alice", REDIRECT)["code"]
    finally:
        world.admin("native-client", "set", "Orders CLI", "--device-codes")
        until(lambda: "device_code" in offered(client), "no device codes")


def test_a_browser(world: World, client: Native, alice: Visitor) -> None:
    """The code flow with PKCE to a port of the user's machine."""
    back = client.by_browser(alice, "alice", REDIRECT, resource=world.url("orders", "/api"), scope="openid profile")
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
    status, tokens = client.token(**form, code_verifier=back["verifier"])
    assert status == 200, tokens
    assert claims(tokens["access_token"])["aud"] == world.url("orders")
    assert claims(tokens["id_token"])["aud"] == client.client_id
    assert client.call(world.url("orders"), token=tokens["access_token"])[0] == 200
    assert client.call(world.url("orders"), token=tokens["id_token"])[0] == 401
    status, refused = client.token(**form, code_verifier=back["verifier"])
    assert (status, refused["error"]) == (400, "invalid_grant")
    assert client.call(world.url("orders"), token=tokens["access_token"])[0] == 401
    again = client.by_browser(alice, "alice", REDIRECT)
    assert client.token(**{**form, "code": again["code"]}, code_verifier="A" * 43)[0] == 400
    assert client.by_browser(alice, "alice", REDIRECT, allow=False)["error"] == "access_denied"
    assert client.by_browser(alice, "alice", REDIRECT)["code"]


def test_what_no_client_gets(world: World, client: Native, alice: Visitor) -> None:
    """Another redirect URI, another application, no PKCE."""
    url = client.metadata()["authorization_endpoint"]
    good = f"response_type=code&client_id={client.client_id}&code_challenge={'A' * 43}&code_challenge_method=S256"
    for bad in ("http://127.0.0.1:1/other", "https://evil.example/callback", "http://evil.example/callback"):
        assert alice.get(f"{url}?{good}&redirect_uri={bad}").status == 400
    for query, error in (
        (f"{good}&resource={world.url('other')}", "invalid_target"),
        (f"{good}&resource=https://evil.example/", "invalid_target"),
        (good.replace("S256", "plain"), "invalid_request"),
    ):
        answer = alice.get(f"{url}?{query}&redirect_uri={REDIRECT}")
        assert answer.status == 303 and f"error={error}" in answer.headers["Location"]


def test_refresh_tokens_are_used_once(world: World, client: Native, alice: Visitor) -> None:
    """One that comes back later ends everything, also what is open."""
    begun = client.device()
    allow_device(alice, "alice", begun["verification_uri"], begun["user_code"])
    _, first = client.poll(begun["device_code"])
    status, second = client.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200 and second["refresh_token"] != first["refresh_token"]
    status, third = client.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert status == 200
    stream = _events(world, third["access_token"])
    assert client.token(grant_type="refresh_token", refresh_token=first["refresh_token"]) == (400, {"error": "invalid_grant"})
    _ends(stream)
    assert client.token(grant_type="refresh_token", refresh_token=third["refresh_token"])[0] == 400
    assert client.call(world.url("orders"), token=third["access_token"])[0] == 401


def test_sessions_of_programs_are_seen_and_ended(world: World, client: Native, alice: Visitor) -> None:
    """Like those of browsers; and a program gives its own back."""
    begun = client.device()
    allow_device(alice, "alice", begun["verification_uri"], begun["user_code"])
    _, tokens = client.poll(begun["device_code"])
    sid = str(claims(tokens["access_token"])["sid"])
    assert world.admin_json("session", "show", sid)["client"] == "Orders CLI"
    stream = _events(world, tokens["access_token"])
    world.admin("session", "revoke", "--session", sid)
    _ends(stream)
    assert client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 400
    begun = client.device()
    allow_device(alice, "alice", begun["verification_uri"], begun["user_code"])
    _, tokens = client.poll(begun["device_code"])
    assert client.call(f"{client.issuer}/revoke", {"token": tokens["refresh_token"], "client_id": client.client_id})[0] == 200
    assert client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 400


def test_who_is_disabled_is_out(world: World, client: Native, alice: Visitor) -> None:
    """With the next request and the next refresh."""
    world.admin("user", "add", "carol", "--display-name", "Carol", "--password-stdin", stdin="correct horse battery staple\n")
    world.admin("assign", "orders", "--user", "carol")
    browser = Visitor(world.port, world.anchor)
    begun = client.device()
    allow_device(browser, "carol", begun["verification_uri"], begun["user_code"])
    _, tokens = client.poll(begun["device_code"])
    assert client.call(world.url("orders"), token=tokens["access_token"])[0] == 200
    world.admin("user", "disable", "carol")
    assert client.call(world.url("orders"), token=tokens["access_token"])[0] == 401
    assert client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 400


def _events(world: World, token: str) -> subprocess.Popen[bytes]:
    """An event stream that has begun."""
    url, field = world.url("orders", "/events"), f"Authorization: Bearer {token}"
    command = ["curl", "-sSN", "--cacert", str(world.anchor), "-H", field, url]
    stream = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert stream.stdout is not None
    said = b""
    while b"data: " not in said:
        said += (piece := os.read(stream.stdout.fileno(), 65536))
        assert piece, said
    return stream


def _ends(stream: subprocess.Popen[bytes]) -> None:
    """Within a second of the node's own, and what a busy machine adds."""
    assert stream.stdout is not None
    deadline = time.monotonic() + 10
    while select.select([stream.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
        if not os.read(stream.stdout.fileno(), 65536):
            stream.wait()
            return
    stream.kill()
    raise AssertionError("the stream goes on")
