"""Calls to identity providers: what is asked, and that no provider can hold us up, flood us or wear us out."""

from __future__ import annotations

import base64
import json
from collections.abc import Coroutine
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest
from joserfc.jwk import ECKey
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.iweb import IAgent
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.policy.sender import SENDER
from appproxy.service.signin.openid.oidc_client import (
    CALL_TIMEOUT,
    CALLS,
    FRESH,
    MAX_ANSWER,
    REFRESH_INTERVAL,
    RETRY_INTERVAL,
    GrantRefused,
    HttpOidcClient,
)
from appproxy.store.snapshot import ProviderRecord

ISSUER = "https://idp.example.com/tenant"
RECORD = ProviderRecord("idp", "Example", ISSUER, "client 1", "s:cr&t")
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
T = TypeVar("T")


class Provider(Resource):
    """A provider's web site. `answers`: status and JSON (or bytes) by path; `asked`: the requests that came."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, dict[str, list[str]], Any]] = []
        self.silent = False
        self.waiting: list[Request] = []
        self.kinds: dict[str, str | bytes] = {}
        self.answers: dict[str, tuple[int, Any]] = {
            "/tenant/.well-known/openid-configuration": (200, {
                "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            }),
            "/tenant/keys": (200, {"keys": [KEY.as_dict(private=False)]}),
            "/tenant/token": (200, {"id_token": "the.id.token", "access_token": "a", "token_type": "Bearer"}),
        }  # fmt: skip

    def render(self, request: Request) -> bytes | int:
        path = request.path.decode()
        form = parse_qs(request.content.read().decode()) if request.content is not None else {}
        self.asked.append((path, form, request.getHeader("authorization")))
        if self.silent:
            self.waiting.append(request)
            return NOT_DONE_YET
        status, answer = self.answers.get(path, (404, {}))
        request.setResponseCode(status)
        if path in self.kinds:
            request.setHeader("content-type", self.kinds[path])
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def paths(self) -> list[str]:
        """What was asked for, since the last look."""
        paths = [path.rpartition("/")[2] for path, _, _ in self.asked]
        self.asked.clear()
        return paths


@dataclass
class World:
    """A provider, a clock, and a client for it."""

    record: ProviderRecord = RECORD
    provider: Provider = field(default_factory=Provider)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.agent = RequestTraversalAgent(self.provider)
        self.client = HttpOidcClient(self.record, self.agent, self.clock)

    def begin(self, call: Coroutine[Any, Any, T]) -> Deferred[T]:
        """Begin a call, and let the bytes flow."""
        deferred = Deferred.fromCoroutine(call)
        self.agent.flush()
        return deferred

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of a call that does not have to wait."""
        return result_of(self.begin(call))

    def exchange(self) -> Any:
        """Exchange a code."""
        return self.run(self.client.exchange("the code", "the verifier", "https://signin/callback", "client 1"))

    def fails(self, call: Coroutine[Any, Any, Any]) -> RequestError:
        """The error of a call."""
        with pytest.raises(RequestError) as caught:
            self.run(call)
        return caught.value


def result_of(deferred: Deferred[T]) -> T:
    """The result that is there, or the exception."""
    got: list[Any] = []
    deferred.addBoth(got.append)
    assert got, "no result yet"
    if isinstance(got[0], Failure):
        got[0].raiseException()
    result: T = got[0]
    return result


@pytest.fixture
def world() -> World:
    """A new provider and client."""
    return World()


class TestAsking:
    """What is asked, and how often."""

    def test_metadata_and_keys(self, world: World) -> None:
        """Discovery, then the key set, each once for many sign-ins."""
        for _ in range(3):
            assert world.run(world.client.metadata()).token_endpoint == f"{ISSUER}/token"
            assert [key.kid for key in world.run(world.client.keys()).keys] == ["k1"]
        assert world.provider.paths() == ["openid-configuration", "keys"]

    def test_they_are_asked_anew_after_a_while(self, world: World) -> None:
        """A provider's changes are noticed within the hour."""
        world.run(world.client.keys())
        world.provider.paths()
        world.clock.advance(FRESH)
        world.run(world.client.keys())
        assert world.provider.paths() == ["openid-configuration", "keys"]
        world.clock.advance(FRESH - 1)
        world.run(world.client.keys())
        assert world.provider.paths() == []

    def test_a_forced_refresh_is_rare(self, world: World) -> None:
        """Tokens with made-up keys make us ask the provider once a minute, not once a token."""
        world.run(world.client.keys())
        world.clock.advance(REFRESH_INTERVAL)
        world.provider.paths()
        for _ in range(50):
            world.run(world.client.keys(refresh=True))
        assert world.provider.paths() == ["keys"]

    def test_made_up_tokens_cost_nobody_the_keys(self, world: World) -> None:
        """Anybody can have them fetched again: while that takes its time, and when it fails, those that are there count."""
        world.run(world.client.keys())
        world.clock.advance(REFRESH_INTERVAL)
        world.provider.silent = True
        forced = world.begin(world.client.keys(refresh=True))
        assert world.run(world.client.keys()).keys[0].kid == "k1"
        world.clock.advance(CALL_TIMEOUT)
        with pytest.raises(RequestError):
            result_of(forced)
        assert world.run(world.client.keys()).keys[0].kid == "k1"
        world.fails(world.client.keys(refresh=True))
        world.provider.silent = False
        world.provider.answers["/tenant/keys"] = 200, {"keys": [{**KEY.as_dict(private=False), "kid": "k2"}]}
        world.clock.advance(RETRY_INTERVAL)
        assert world.run(world.client.keys(refresh=True)).keys[0].kid == "k2"

    def test_many_at_once_ask_once(self, world: World) -> None:
        """A hundred users who sign in at the same moment cost the provider one request."""
        world.provider.silent = True
        calls = [world.begin(world.client.metadata()) for _ in range(100)]
        [request] = world.provider.waiting
        request.write(json.dumps(world.provider.answers["/tenant/.well-known/openid-configuration"][1]).encode())
        request.finish()
        world.agent.flush()
        assert {result_of(call).issuer for call in calls} == {ISSUER}

    def test_many_at_once_fail_together(self, world: World) -> None:
        """When that request fails, all of them hear of it."""
        world.provider.silent = True
        calls = [world.begin(world.client.metadata()) for _ in range(3)]
        world.clock.advance(CALL_TIMEOUT)
        for call in calls:
            with pytest.raises(RequestError):
                result_of(call)


class TestExchange:
    """A code for tokens."""

    def test_with_basic_authentication(self, world: World) -> None:
        """The code goes with its verifier; the secret in the Authorization field, encoded as RFC 6749 says."""
        assert world.exchange().id_token == "the.id.token"
        path, form, authorization = world.provider.asked[-1]
        assert path == "/tenant/token"
        assert form == {
            "grant_type": ["authorization_code"], "code": ["the code"], "code_verifier": ["the verifier"],
            "redirect_uri": ["https://signin/callback"],
        }
        assert base64.b64decode(authorization.removeprefix("Basic ")) == b"client+1:s%3Acr%26t"

    @pytest.mark.parametrize(
        ("methods", "secret", "expected"),
        [
            (["client_secret_post"], "s", {"client_id": ["client 1"], "client_secret": ["s"]}),
            (["client_secret_post", "client_secret_basic"], "s", {}),
            (["none"], "", {"client_id": ["client 1"]}),
            (["private_key_jwt"], "", {"client_id": ["client 1"]}),
        ],
    )
    def test_other_ways_to_authenticate(self, methods: list[str], secret: str, expected: dict[str, list[str]]) -> None:
        """The way that the provider's metadata offers is taken; Basic before a secret in the body."""
        world = World(replace(RECORD, client_secret=secret))
        world.provider.answers["/tenant/.well-known/openid-configuration"][1][
            "token_endpoint_auth_methods_supported"] = methods
        world.exchange()
        _, form, authorization = world.provider.asked[-1]
        assert {name: form[name] for name in form if name.startswith("client")} == expected
        assert (authorization is None) == bool(expected)

    def test_no_common_way(self, world: World) -> None:
        """A provider that takes no secret of ours is named in the log."""
        world.provider.answers["/tenant/.well-known/openid-configuration"][1][
            "token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
        with pytest.raises(RequestError) as caught:
            world.exchange()
        assert caught.value.code is Code.PROVIDER_REFUSED

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            ((400, {"error": "invalid_grant"}), Code.PROVIDER_REFUSED),
            ((401, {"error": "invalid_client"}), Code.PROVIDER_REFUSED),
            ((400, b"<html>"), Code.PROVIDER_REFUSED),
            ((302, {"id_token": "x"}), Code.PROVIDER_REFUSED),
            ((200, {}), Code.TOKEN_REFUSED),
            ((200, {"id_token": 7}), Code.TOKEN_REFUSED),
            ((200, []), Code.TOKEN_REFUSED),
            ((200, b"{"), Code.TOKEN_REFUSED),
            ((200, b"[" * 100_000), Code.TOKEN_REFUSED),
            ((500, {}), Code.PROVIDER_UNREACHABLE),
            ((503, b"busy"), Code.PROVIDER_UNREACHABLE),
        ],
    )
    def test_bad_answers(self, world: World, answer: tuple[int, Any], code: Code) -> None:
        """A refusal, an answer without a token and a provider in trouble are told apart."""
        world.provider.answers["/tenant/token"] = answer
        with pytest.raises(RequestError) as caught:
            world.exchange()
        assert caught.value.code is code
        assert "s:cr&t" not in str(caught.value)


class TestAbuse:
    """A provider that is down, slow, endless or hostile."""

    def test_a_silent_provider(self, world: World) -> None:
        """Whoever signs in gets an answer within ten seconds; the next one at once; then it is tried again."""
        world.provider.silent = True
        call = world.begin(world.client.metadata())
        world.clock.advance(CALL_TIMEOUT)
        with pytest.raises(RequestError) as caught:
            result_of(call)
        assert caught.value.code is Code.PROVIDER_UNREACHABLE
        assert world.fails(world.client.metadata()).code is Code.PROVIDER_UNREACHABLE
        assert len(world.provider.asked) == 1
        world.clock.advance(RETRY_INTERVAL)
        world.provider.silent = False
        assert world.run(world.client.metadata()).issuer == ISSUER

    def test_calls_at_the_same_time_are_bounded(self, world: World) -> None:
        """Whoever sends made-up codes opens no more connections than there are turns; later ones wait, then fail."""
        world.run(world.client.metadata())
        world.provider.paths()
        world.provider.silent = True
        failed: list[Any] = []
        for number in range(CALLS + 10):
            world.begin(world.client.exchange(f"made up {number}", "v", "https://r", "client 1")).addErrback(failed.append)
        assert len(world.provider.asked) == CALLS
        world.clock.advance(CALL_TIMEOUT)
        world.agent.flush()
        assert [failure.value.code for failure in failed] == [Code.PROVIDER_UNREACHABLE] * (CALLS + 10)
        world.provider.silent = False
        assert world.exchange().id_token == "the.id.token"

    def test_networks_take_turns(self, world: World) -> None:
        """Whoever has more calls waiting than anybody else waits for themselves: another network's call comes next."""
        world.run(world.client.metadata())
        world.provider.silent = True

        def ask(code: str, sender: str) -> None:
            SENDER.set(sender)
            world.begin(world.client.exchange(code, "v", "https://r", "client 1")).addErrback(lambda _: None)

        for number in range(CALLS + 50):
            copy_context().run(ask, f"made up {number}", "192.0.2.1")
        copy_context().run(ask, "a good one", "192.0.2.2")
        for request in world.provider.waiting[:2]:
            request.finish()
        world.agent.flush()
        assert [form["code"] for _, form, _ in world.provider.asked[-2:]] == [[f"made up {CALLS}"], ["a good one"]]

    def test_an_answer_that_never_ends(self, world: World) -> None:
        """A trickled answer is cut off by the same ten seconds."""
        world.provider.silent = True
        call = world.begin(world.client.metadata())
        for _ in range(10):
            world.provider.waiting[0].write(b" ")
            world.agent.flush()
            world.clock.advance(CALL_TIMEOUT / 10)
        with pytest.raises(RequestError) as caught:
            result_of(call)
        assert caught.value.code is Code.PROVIDER_UNREACHABLE

    @pytest.mark.parametrize("path", ["/tenant/.well-known/openid-configuration", "/tenant/keys"])
    def test_an_answer_that_is_too_large(self, world: World, path: str) -> None:
        """Above 1 MiB nothing is read any more."""
        world.provider.answers[path] = (200, b" " * (MAX_ANSWER + 1))
        assert world.fails(world.client.keys()).code is Code.PROVIDER_UNREACHABLE

    @pytest.mark.parametrize("status", [301, 302, 404, 500])
    def test_redirects_and_errors(self, world: World, status: int) -> None:
        """No redirect is followed: the document is at its own address, or nowhere."""
        path = "/tenant/.well-known/openid-configuration"
        world.provider.answers[path] = (status, world.provider.answers[path][1])
        assert world.fails(world.client.metadata()).code is Code.PROVIDER_UNREACHABLE
        assert world.provider.paths() == ["openid-configuration"]

    def test_a_document_of_another_issuer(self, world: World) -> None:
        """A document that speaks for somebody else is refused."""
        world.provider.answers["/tenant/.well-known/openid-configuration"][1]["issuer"] = "https://evil.example"
        assert world.fails(world.client.metadata()).code is Code.TOKEN_REFUSED

    def test_an_issuer_without_tls(self) -> None:
        """A provider over plain HTTP is never asked."""
        world = World(replace(RECORD, issuer="http://idp.example.com"))
        assert world.fails(world.client.metadata()).code is Code.TOKEN_REFUSED
        assert world.provider.asked == []

    def test_a_connection_that_fails(self, world: World) -> None:
        """Names that do not resolve, refused connections, bad certificates: the provider is not reachable."""
        world.client = HttpOidcClient(RECORD, Broken(), world.clock)
        error = world.fails(world.client.metadata())
        assert error.code is Code.PROVIDER_UNREACHABLE
        assert "ZeroDivisionError" in error.detail


@implementer(IAgent)
class Broken:
    """An agent that cannot connect."""

    def request(self, *_: object) -> Deferred[Any]:
        raise ZeroDivisionError("certificate verify failed")


class TestUserInfo:
    """What the token lacks."""

    def asked(self, status: int, answer: Any, kind: str = "application/json") -> Any:
        """What a client makes of this answer."""
        world = World()
        document = world.provider.answers["/tenant/.well-known/openid-configuration"][1]
        document["userinfo_endpoint"] = f"{ISSUER}/me"
        world.provider.answers["/tenant/me"] = (status, answer)
        world.provider.kinds["/tenant/me"] = kind
        said = world.run(world.client.user_info("the token"))
        assert world.provider.asked[-1] == ("/tenant/me", {}, "Bearer the token")
        return said

    def test_claims(self) -> None:
        """As JSON, or as a signed token, which is for others to check."""
        assert self.asked(200, {"sub": "ann", "groups": ["a"]}) == {"sub": "ann", "groups": ["a"]}
        assert self.asked(200, b"x.y.z", "application/jwt; charset=utf-8") == "x.y.z"

    def test_a_type_that_is_no_text(self) -> None:
        """Of whatever bytes: the answer is read to its end, and counts for what it is."""
        world = World()
        document = world.provider.answers["/tenant/.well-known/openid-configuration"][1]
        document["userinfo_endpoint"] = f"{ISSUER}/me"
        world.provider.answers["/tenant/me"] = (200, {"sub": "ann"})
        world.provider.kinds["/tenant/me"] = b"\xff\xfe"
        assert world.run(world.client.user_info("the token")) == {"sub": "ann"}

    @pytest.mark.parametrize(("status", "answer", "code"), [
        (401, {"error": "invalid_token"}, Code.PROVIDER_REFUSED), (302, {}, Code.PROVIDER_REFUSED),
        (200, b"<html>", Code.TOKEN_REFUSED), (200, ["sub"], Code.TOKEN_REFUSED), (200, b"[" * 100000, Code.TOKEN_REFUSED),
        (503, {}, Code.PROVIDER_UNREACHABLE), (200, b" " * (MAX_ANSWER + 1), Code.PROVIDER_UNREACHABLE)])
    def test_what_is_no_answer(self, status: int, answer: Any, code: Code) -> None:
        """Refused, no JSON object, down, or too large: each by its name."""
        with pytest.raises(RequestError) as caught:
            self.asked(status, answer)
        assert caught.value.code is code


class TestMemberGroups:
    """Groups that are elsewhere."""

    def test_they_are_asked_for(self, world: World) -> None:
        """With the access token, as Microsoft Graph wants it."""
        world.provider.answers["/tenant/groups"] = (200, {"value": ["g1", "g2"]})
        assert world.run(world.client.member_groups(f"{ISSUER}/groups", "the token")) == ["g1", "g2"]
        assert world.provider.asked[-1][2] == "Bearer the token"
        world.provider.answers["/tenant/groups"] = (403, {"error": {}})
        assert world.fails(world.client.member_groups(f"{ISSUER}/groups", "the token")).code is Code.PROVIDER_REFUSED


class TestRefreshing:
    """The token end point, with a refresh token."""

    def test_new_tokens(self, world: World) -> None:
        """An ID token need not be among them."""
        world.provider.answers["/tenant/token"] = (200, {
            "access_token": "a", "refresh_token": "r2", "expires_in": "60", "token_type": "Bearer"})
        said = world.run(world.client.refresh("r1", "client 1"))
        assert (said.id_token, said.access_token, said.refresh_token, said.lifetime) == ("", "a", "r2", 60.0)
        path, form, authorization = world.provider.asked[-1]
        assert (path, form) == ("/tenant/token", {"grant_type": ["refresh_token"], "refresh_token": ["r1"]})
        assert authorization.startswith("Basic ")

    @pytest.mark.parametrize(("status", "answer", "code", "over"), [
        (400, {"error": "invalid_grant"}, Code.PROVIDER_REFUSED, True),
        (401, {"error": "invalid_client"}, Code.PROVIDER_REFUSED, False), (400, b"<html>", Code.PROVIDER_REFUSED, False),
        (200, b"<html>", Code.TOKEN_REFUSED, False), (503, {"error": "invalid_grant"}, Code.PROVIDER_UNREACHABLE, False),
    ])
    def test_a_refusal_and_what_is_none(self, world: World, status: int, answer: Any, code: Code, over: bool) -> None:
        """Only `invalid_grant` says that the session is over."""
        world.provider.answers["/tenant/token"] = (status, answer)
        error = world.fails(world.client.refresh("r1", "client 1"))
        assert (error.code, isinstance(error, GrantRefused)) == (code, over)


class TestPushing:
    """Pushed authorization requests."""

    def test_what_is_pushed(self, world: World) -> None:
        """All parameters, by a client that shows its secret; the answer stands for them."""
        document = world.provider.answers["/tenant/.well-known/openid-configuration"][1]
        document["pushed_authorization_request_endpoint"] = f"{ISSUER}/par"
        world.provider.answers["/tenant/par"] = (201, {"request_uri": "urn:x", "expires_in": 60})
        asked = {"client_id": "client 1", "state": "s", "scope": "openid email"}
        assert world.run(world.client.push(asked)) == {"client_id": "client 1", "request_uri": "urn:x"}
        path, form, authorization = world.provider.asked[-1]
        assert (path, form) == ("/tenant/par", {name: [value] for name, value in asked.items()})
        assert authorization.startswith("Basic ")
        world.provider.answers["/tenant/par"] = (400, {"error": "invalid_request"})
        error = world.fails(world.client.push(asked))
        assert error.code is Code.PROVIDER_REFUSED and "invalid_request" in error.detail


def test_a_token_is_given_back(world: World) -> None:
    """RFC 7009, as the client that we are; a provider without an end point for it is not asked."""
    world.run(world.client.revoke("r1", "client 1"))
    assert "/tenant/revoke" not in [path for path, _, _ in world.provider.asked]
    world.provider.answers["/tenant/.well-known/openid-configuration"][1]["revocation_endpoint"] = f"{ISSUER}/revoke"
    world.provider.answers["/tenant/revoke"] = (200, b"")
    world.client = HttpOidcClient(RECORD, world.agent, world.clock)
    world.run(world.client.revoke("r1", "client 1"))
    path, form, authorization = world.provider.asked[-1]
    assert (path, form) == ("/tenant/revoke", {"token": ["r1"], "token_type_hint": ["refresh_token"]})
    assert authorization.startswith("Basic ")
    world.provider.answers["/tenant/revoke"] = (400, {"error": "unsupported_token_type"})
    assert "unsupported_token_type" in world.fails(world.client.revoke("r1", "client 1")).detail


class TestSettings:
    """What an admin says of the provider counts before what it says itself."""

    def client(self, world: World, client_secret: str = RECORD.client_secret, **texts: str) -> None:
        """The client of a provider with these settings."""
        record = replace(RECORD, client_secret=client_secret, settings=read_settings(texts))
        world.client = HttpOidcClient(record, world.agent, world.clock, lambda: 1_800_000_000.0)

    def test_discovery_elsewhere(self, world: World) -> None:
        """The document has another address; its issuer is still compared."""
        document = world.provider.answers.pop("/tenant/.well-known/openid-configuration")
        world.provider.answers["/odd/metadata"] = document
        self.client(world, discovery_url="https://idp.example.com/odd/metadata", token_endpoint=f"{ISSUER}/other")
        metadata = world.run(world.client.metadata())
        assert (metadata.token_endpoint, metadata.jwks_uri) == (f"{ISSUER}/other", f"{ISSUER}/keys")
        document[1]["issuer"] = "https://evil.example"
        self.client(world, discovery_url="https://idp.example.com/odd/metadata")
        assert world.fails(world.client.metadata()).code is Code.TOKEN_REFUSED

    def test_no_discovery(self, world: World) -> None:
        """Nothing is fetched but the keys."""
        self.client(world, discovery_url="none", authorization_endpoint=f"{ISSUER}/a", token_endpoint=f"{ISSUER}/token",
                    jwks_uri=f"{ISSUER}/keys")
        assert world.run(world.client.metadata()).authorization_endpoint == f"{ISSUER}/a"
        world.run(world.client.keys())
        assert world.provider.paths() == ["keys"]

    def test_the_way_to_authenticate(self, world: World) -> None:
        """Also one that the metadata does not name."""
        self.client(world, client_authentication="client_secret_post")
        world.exchange()
        _, form, authorization = world.provider.asked[-1]
        assert (form["client_secret"], authorization) == (["s:cr&t"], None)
        self.client(world, client_secret="s" * 32, client_authentication="client_secret_jwt")
        proofs = set()
        for _ in range(2):
            world.exchange()
            _, form, authorization = world.provider.asked[-1]
            assert authorization is None and "client_secret" not in form
            proofs.add(form["client_assertion"][0])
        assert len(proofs) == 2

    def test_end_points_for_certificates(self, world: World) -> None:
        """Those with an alias are called there by a client that shows a certificate, and by no other (RFC 8705 section 5)."""
        document = world.provider.answers["/tenant/.well-known/openid-configuration"][1]
        document["mtls_endpoint_aliases"] = {"token_endpoint": f"{ISSUER}/mtls", "authorization_endpoint": "http://x"}
        assert world.run(world.client.metadata()).token_endpoint == f"{ISSUER}/token"
        self.client(world, client_authentication="self_signed_tls_client_auth")
        metadata = world.run(world.client.metadata())
        assert (metadata.token_endpoint, metadata.authorization_endpoint) == (f"{ISSUER}/mtls", f"{ISSUER}/authorize")
        document["mtls_endpoint_aliases"] = {"token_endpoint": "http://idp.example.com/mtls"}
        self.client(world, client_authentication="self_signed_tls_client_auth")
        assert world.fails(world.client.metadata()).code is Code.TOKEN_REFUSED


@pytest.mark.parametrize("token", ["", "of the place"])
def test_claims_that_are_elsewhere(world: World, token: str) -> None:
    """Asked with the token that goes with the place, or with none."""
    world.provider.answers["/far"] = (200, {"groups": ["staff"]})
    assert world.run(world.client.claims_at("https://claims.example.net/far", token)) == {"groups": ["staff"]}
    assert world.provider.asked == [("/far", {}, f"Bearer {token}" if token else None)]
