"""An application elsewhere, written with Authlib's client, asks again who its user is by refresh tokens."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World

REDIRECT = "http://127.0.0.1:39998/callback"


@pytest.fixture(scope="module", params=["client_secret_basic", "client_secret_post"])
def registered(world: World, request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """What `client add` has said, and how the client authenticates."""
    made: dict[str, Any] = world.admin_json("client", "add", f"Authlib {request.param}", "--redirect-uri", REDIRECT)
    return made, request.param


@pytest.fixture
def client(world: World, registered: tuple[dict[str, Any], str], monkeypatch: pytest.MonkeyPatch) -> OAuth2Session:
    """Authlib's client. Names of the service are those of this machine, which resolvers do not all know."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: resolve(
        "127.0.0.1" if str(host).endswith(f".{DOMAIN}") else host, *rest, **more))
    made, method = registered
    session = OAuth2Session(
        made["id"], made["secret"], scope="openid profile offline_access", redirect_uri=REDIRECT,
        token_endpoint_auth_method=method, revocation_endpoint_auth_method=method, code_challenge_method="S256")
    session.trust_env, session.verify = False, str(world.anchor)  # variables of this machine go before what is set
    session.metadata["found"] = session.get(f"{made['issuer']}/.well-known/openid-configuration", withhold_token=True).json()
    return session


def signed_in(world: World, client: OAuth2Session, alice: Visitor) -> dict[str, Any]:
    """The first tokens of alice."""
    found, verifier = client.metadata["found"], generate_token(48)
    url, _state = client.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier)
    page = alice.navigate(url)
    if "name=\"password\"" in page.text:
        page = alice.sign_in(url, "alice")
    back = page.headers["Refresh"].partition("url=")[2]
    token: dict[str, Any] = client.fetch_token(found["token_endpoint"], authorization_response=back, code_verifier=verifier)
    return token


def who(client: OAuth2Session, id_token: str) -> dict[str, Any]:
    """What an ID token says, checked by the published keys."""
    keys = KeySet.import_key_set(client.get(client.metadata["found"]["jwks_uri"], withhold_token=True).json())
    return dict(jwt.decode(id_token, keys, algorithms=["ES256"]).claims)


def test_asked_again(world: World, client: OAuth2Session) -> None:
    """The name is what it is now, and the sign-in what it was; each token counts once, and Authlib goes on with the next."""
    first = signed_in(world, client, Visitor(world.port, world.anchor))
    place = client.metadata["found"]["token_endpoint"]
    world.admin("user", "set", "alice", "--display-name", "Alice Renamed")
    try:
        second = client.refresh_token(place, first["refresh_token"])
        before, now = who(client, first["id_token"]), who(client, second["id_token"])
        assert now["name"] == "Alice Renamed" and now["iss"] == client.metadata["found"]["issuer"]
        assert {name: now[name] for name in ("sub", "sid", "auth_time", "aud")} == {
            name: before[name] for name in ("sub", "sid", "auth_time", "aud")}
        assert client.get(client.metadata["found"]["userinfo_endpoint"]).json()["name"] == "Alice Renamed"
        assert client.refresh_token(place)["refresh_token"] != second["refresh_token"]
    finally:
        world.admin("user", "set", "alice", "--display-name", "Alice")


def test_the_session_ends(world: World, client: OAuth2Session) -> None:
    """With it the refresh token: the client hears `invalid_grant`."""
    alice = Visitor(world.port, world.anchor)
    first = signed_in(world, client, alice)
    alice.navigate(world.url("sample", "/"))
    alice.submit(alice.navigate(world.url("sample", "/.appproxy/sign-out")))
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token(client.metadata["found"]["token_endpoint"], first["refresh_token"])


def test_given_back(world: World, client: OAuth2Session) -> None:
    """RFC 7009 as Authlib does it."""
    first = signed_in(world, client, Visitor(world.port, world.anchor))
    found = client.metadata["found"]
    answer = client.revoke_token(found["revocation_endpoint"], first["refresh_token"], token_type_hint="refresh_token")
    assert answer.status_code == 200
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.refresh_token(found["token_endpoint"], first["refresh_token"])
