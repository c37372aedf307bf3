"""A program whose token proves too little is told what to ask for, asks for it, and gets in (RFC 9470)."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.end_to_end.native import Native, answer_consent
from tests.end_to_end.test_native_clients import REDIRECT
from tests.end_to_end.test_policies import code, set_, to_enrolment
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, until

POLICY = """
name = "strong programs"
state = "on"
message = "Programs need a second factor."
[users]
include = ["user:prisca", "user:piet"]
[applications]
include = ["vault"]
[conditions.clients]
include = ["native"]
[grant]
require = ["mfa"]
sign_in_within = "30m"
"""


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Native:
    """A program for an application of which programs need more."""
    world.publish("vault", world.internal, "--set", "bearer=provider")
    for user in ("prisca", "piet"):
        world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
        world.admin("assign", "vault", "--user", user)
    id_ = world.admin("native-client", "add", "Vault CLI", "--app", "vault", "--redirect-uri", "http://127.0.0.1/callback",
                      "--device-codes").strip()
    place: Path = tmp_path_factory.mktemp("policies")
    set_(world, place, "policy", POLICY)
    return Native(id_, f"https://signin.{DOMAIN}:{world.port}", world.anchor)


def challenge(client: Native, url: str, token: str) -> tuple[int, dict[str, str]]:
    """Status, and what the Bearer challenge says."""
    status, _, fields = client.call(url, token=token)
    return status, dict(re.findall(r'(\w+)="([^"]*)"', fields.get("www-authenticate", "").partition("Bearer")[2]))


def signed_in(visitor: Visitor, client: Native, name: str, **asked: str) -> str:
    """A device code, its user's sign-in with what is asked for, and the access token."""
    begun = client.device(**asked)
    page = visitor.submit(visitor.navigate(begun["verification_uri"]), user_code=begun["user_code"])
    if 'name="password"' in page.text:
        page = visitor.submit(page, username=name, password=PASSWORD)
    if "Set up a second factor" in page.text:
        page = enrolled(visitor, page)
    answer_consent(visitor, page)
    status, tokens = client.poll(begun["device_code"])
    assert status == 200, tokens
    return str(tokens["access_token"])


def enrolled(visitor: Visitor, page: Answer) -> Answer:
    """Set up an authenticator app, and go on."""
    page = to_enrolment(visitor, page)
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None, page.text
    page = visitor.submit(page, code=code(found[1].replace(" ", "")))
    onward = re.search(r'href="([^"]+)"[^>]*>I have kept them', page.text)
    assert onward is not None, page.text
    return visitor.navigate(urljoin(page.url, html.unescape(onward[1])))


def test_a_device_signs_in_again_with_a_second_factor(world: World, client: Native) -> None:
    """With the very parameters that it was told."""
    url, visitor = world.url("vault", "/headers"), Visitor(world.port, world.anchor)
    weak = signed_in(visitor, client, "prisca")
    until(lambda: challenge(client, url, weak)[0] == 401, "the policy does not count")
    status, said = challenge(client, url, weak)
    assert (status, said["error"]) == (401, "insufficient_user_authentication")
    assert "urn:appproxy:acr:mfa" in said["acr_values"].split()
    strong = signed_in(visitor, client, "prisca", acr_values=said["acr_values"], max_age="600")
    assert client.call(url, token=strong)[0] == 200
    assert challenge(client, url, weak)[0] == 401


def test_the_code_flow_takes_the_same(world: World, client: Native) -> None:
    """A new sign-in where the last one is too old for `max_age`, and a second factor for `acr_values`."""
    url, visitor = world.url("vault", "/headers"), Visitor(world.port, world.anchor)
    visitor.sign_in(url, "piet")
    back = client.by_browser(visitor, "piet", REDIRECT)
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT}
    status, tokens = client.token(**form, code=back["code"], code_verifier=back["verifier"])
    assert status == 200, tokens
    status, said = challenge(client, url, tokens["access_token"])
    assert status == 401
    metadata = client.metadata()
    assert set(said["acr_values"].split()) & set(metadata["acr_values_supported"])
    asked = client.authorization_url(REDIRECT, acr_values=said["acr_values"], max_age="0")
    page = visitor.navigate(asked)
    assert 'name="password"' in page.text, page.text  # the session of a moment ago is too old
    page = visitor.submit(page, username="piet", password=PASSWORD)
    assert "Set up a second factor" in page.text


def test_what_a_device_cannot_ask_for(client: Native) -> None:
    """Is said at once."""
    place = client.metadata()["device_authorization_endpoint"]
    status, said, _ = client.call(place, {"client_id": client.client_id, "max_age": "soon"})
    assert (status, said["error"]) == (400, "invalid_request")
