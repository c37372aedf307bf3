"""Signing in with an identity provider of the organisation's own, added by the commands that an admin types."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.end_to_end.identity_provider import CLIENT, IdentityProvider, identity_provider
from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import World, appproxy, until


@pytest.fixture(scope="module")
def world(own_world: World) -> World:
    """Of the file's own, and of each other that takes `corp` from here: a provider of this name is added once to a service."""
    return own_world


@pytest.fixture(scope="module")
def corp(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """One that the service does not trust yet; the application `foreign` is for its engineers."""
    directory = tmp_path_factory.mktemp("corp")
    with identity_provider(directory, world.url("signin", "/callback"), world.url("signin", "/signed-out")) as made:
        world.admin("provider", "add", "corp", "--issuer", made.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                    "--groups-claim", "roles", stdin=made.secret + "\n")
        world.publish("foreign", world.internal, "--provider", "corp", "--set", "header.x-user-name=name")
        world.admin("assign", "foreign", "--group", "engineers")
        yield made


@pytest.fixture
def trusted(world: World, corp: IdentityProvider) -> None:
    """The service is given its authority."""
    world.admin("provider", "set", "corp", "--ca-bundle", str(corp.anchor))


def _visit(world: World, corp: IdentityProvider, user: str, *roles: str) -> tuple[Visitor, Answer]:
    corp.user, corp.claims = user, {"roles": list(roles), "name": user.title()}
    visitor = Visitor(world.port, world.anchor)
    visitor.elsewhere["localhost"] = urlsplit(corp.issuer).port or 0
    visitor.trust(corp.anchor)
    return visitor, visitor.navigate(world.url("foreign", "/?a=1"))


def test_what_nobody_vouches_for_is_not_trusted(world: World, corp: IdentityProvider) -> None:
    """A private authority is unknown: the user's page says where it broke, the doctor what the admin is to type."""
    page = _visit(world, corp, "carol", "engineers")[1]
    assert page.status == 503
    assert "The identity provider cannot be reached" in page.text
    assert corp.asked == []
    found = appproxy("--state", str(world.state), "doctor")
    assert found.code == 1
    assert "identity provider corp: the certificate shown is not trusted for localhost" in found.out
    assert "appproxy provider set corp --ca-bundle FILE" in found.out


@pytest.mark.usefixtures("trusted")
def test_users_of_the_organisation_sign_in(world: World, corp: IdentityProvider) -> None:
    """With its authority given: who has the group gets in, with the name that the provider tells; others do not."""
    assert f"identity provider corp: {corp.issuer} answers" in appproxy("--state", str(world.state), "doctor").out
    visitor, page = _sign_in(world, corp)
    assert page.url == world.url("foreign", "/?a=1")
    assert 'Hello, <span id="who">Carol</span>' in page.text
    assert _visit(world, corp, "dave")[1].status == 403
    out = visitor.submit(visitor.navigate(world.url("foreign", "/.appproxy/sign-out")))
    until(lambda: {
        (one["actor"], one["action"]) for one in world.admin_json("audit")
        if (one["detail"].get("provider"), one["detail"].get("application")) == ("corp", "foreign")
        and one["detail"]["address"] == "127.0.0.1"
    } >= {("user:carol", "sign-in"), ("user:dave", "sign-in.refused"), ("user:carol", "sign-out")}, "not in the audit", 10)
    assert (out.status, urlsplit(out.url).path) == (200, "/signed-out")
    assert corp.asked[-1] == "/end"
    assert jwt.decode(corp.ended["id_token_hint"], corp.key, algorithms=["RS256"]).claims["sub"] == "carol"
    assert corp.ended["client_id"] == CLIENT
    assert visitor.get(world.url("foreign")).status == 401


def _sign_in(world: World, corp: IdentityProvider, seconds: float = 10) -> tuple[Visitor, Answer]:
    """An engineer gets in, as soon as a change of settings is live."""
    visits: list[tuple[Visitor, Answer]] = []

    def succeeds() -> bool:
        visits.append(_visit(world, corp, "carol", "engineers"))
        return visits[-1][1].status == 200

    until(succeeds, "no sign-in", seconds)
    return visits[-1]


def test_another_provider_ends_what_the_former_gave(world: World, corp: IdentityProvider) -> None:
    """Sessions and open streams: with a new provider under the old name, too, whoever it calls by the same subject."""
    world.admin("provider", "add", "brief", "--issuer", corp.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                "--ca-bundle", str(corp.anchor), stdin=corp.secret + "\n")
    world.publish("moving", world.internal, "--provider", "brief", "--set", "assignment_required=no")
    url = world.url("moving")
    visitor = _visit(world, corp, "carol")[0]
    until(lambda: visitor.navigate(url).status == 200, "no sign-in", 10)
    talk = Socket(visitor, world.url("moving", "/echo"))
    talk.send("still here")
    assert talk.receive() == "still here"
    for provider in ("builtin", "brief"):
        world.admin("app", "set", "moving", f"provider={provider}")
        if provider == "builtin":
            assert talk.ends(within=5)
            assert visitor.get(url).status == 401
            world.admin("provider", "remove", "brief")
            world.admin("provider", "add", "brief", "--issuer", corp.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                        "--ca-bundle", str(corp.anchor), stdin=corp.secret + "\n")
    assert visitor.get(url).status == 401
    assert visitor.navigate(url).status == 200
    refused = appproxy("--state", str(world.state), "session", "revoke", "--subject", "carol")
    assert refused.code == 1 and "provider: say whose subject it is" in refused.err
    world.admin("session", "revoke", "--subject", "carol", "--provider", "corp")
    assert visitor.get(url).status == 200
    world.admin("session", "revoke", "--subject", "carol", "--provider", "brief")
    assert visitor.get(url).status == 401


@pytest.mark.usefixtures("trusted")
def test_a_new_secret(world: World, corp: IdentityProvider) -> None:
    """Secrets end: with the old one nobody gets in, with the new one at once; who is signed in stays so."""
    before, _ = _sign_in(world, corp)
    corp.secret = "another: secret/+"
    page = _visit(world, corp, "carol", "engineers")[1]
    assert (page.status, "PROVIDER_REFUSED" in page.text) == (403, True)
    told = appproxy("--state", str(world.state), "doctor")
    assert told.code == 1 and "it does not take the client 'appproxy' by client_secret_basic (401 invalid_client)" in told.out
    assert "appproxy provider set corp --client-secret-stdin" in told.out
    assert "invalid_client" in world.supervisor.find("service").output()
    world.admin("provider", "set", "corp", "--client-secret-stdin", stdin=corp.secret + "\n")
    _sign_in(world, corp)
    assert before.get(world.url("foreign")).status == 200
    assert "the client is known" in appproxy("--state", str(world.state), "doctor").out


@pytest.mark.usefixtures("trusted")
def test_a_new_key_under_the_old_name(world: World, corp: IdentityProvider) -> None:
    """The provider changes its key and keeps the name: the next sign-in but the rate's bound succeeds by itself."""
    _sign_in(world, corp)
    corp.key = RSAKey.generate_key(2048, {"use": "sig", "kid": str(corp.key.kid)})
    _sign_in(world, corp, 30)


@pytest.mark.usefixtures("trusted")
def test_requests_are_pushed_because_we_say_so(world: World, corp: IdentityProvider) -> None:
    """The provider's metadata does not require it; its rule for this client does. Without an end point the doctor says why."""
    corp.pushing, corp.requiring = True, False
    try:
        world.admin("provider", "set", "corp", "--pushed-requests", "always")
        _, page = _sign_in(world, corp)
        assert 'Hello, <span id="who">Carol</span>' in page.text
        assert corp.pushed["code_challenge_method"] == "S256"
        corp.able = False
        assert "appproxy provider set corp --pushed-requests auto" in appproxy("--state", str(world.state), "doctor").out
    finally:
        world.admin("provider", "set", "corp", "--pushed-requests", "auto")
        corp.pushing, corp.requiring, corp.able = False, True, True


@pytest.mark.usefixtures("trusted")
def test_a_provider_that_tells_all_by_user_info(world: World, corp: IdentityProvider) -> None:
    """As a public client, with pushed requests: groups and name come from UserInfo, and the log says so."""
    corp.thin, corp.pushing, corp.secret = True, True, ""
    try:
        world.admin("provider", "set", "corp", "--public")
        _, page = _sign_in(world, corp)
        assert 'Hello, <span id="who">Carol</span>' in page.text
        assert corp.pushed["code_challenge_method"] == "S256" and "/me" in corp.asked
        until(lambda: "1 groups in 'roles' of the UserInfo: engineers" in world.supervisor.find("service").output(), "no line")
        assert "the public client is known" in appproxy("--state", str(world.state), "doctor").out
    finally:
        corp.thin, corp.pushing = False, False
