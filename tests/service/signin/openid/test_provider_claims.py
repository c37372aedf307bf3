"""What is believed of a user: the ID token, a new key under an old name, UserInfo for what the token lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from appproxy.errors import Code, IdentityError, RequestError
from appproxy.identity.openid.encrypted_token import EncryptionKey
from appproxy.identity.openid.id_token import Claims
from appproxy.identity.openid.oidc import TokenAnswer
from appproxy.identity.openid.oidc_settings import read_settings
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.provider_claims import WantedClaims, _user_info, lacking
from appproxy.store.snapshot import ProviderRecord
from tests.service.sign_in_world import ISSUER, RECORD, Browser, FakeProvider, World
from tests.service.signin.openid.test_oidc_client import result_of

PAGE = "https://wiki.example.com/page"
#: Authelia, and others by their defaults, tell all this by UserInfo alone.
BARE = {"groups": None, "email": None, "name": None}
INFO = {"sub": "eve", "groups": ["staff"], "email": "eve@example.com", "name": "Eve"}


def world(info: Any, **claims: Any) -> World:
    """A node whose provider says so little in its ID token of Eve, who is assigned by her group, and `info` by UserInfo."""
    provider = FakeProvider(user="eve", claims={**BARE, **claims}, info=info)
    provider.document["userinfo_endpoint"] = f"{ISSUER}/me"
    return World(provider=provider)


def signed(world: World, key: ECKey | None = None, **changes: Any) -> str:
    """Signed UserInfo."""
    key = key or world.provider.key
    return jwt.encode({"alg": "ES256", "kid": key.kid}, {**INFO, **changes}, key, ["ES256"])


PAIR = ECKey.generate_key("P-256")
ENCRYPTING = replace(
    RECORD, settings=read_settings({"id_token_encryption": "ECDH-ES"}),
    encryption_keys=(EncryptionKey("k", "EC", PAIR.as_pem(private=True).decode(), 0.0),))


def read(info: Any, record: ProviderRecord = ENCRYPTING) -> tuple[Any, str]:
    """What is known of Eve, and why not more, at a provider with encryption: `info` is made of the provider's world."""
    made = world({})
    made.provider.info = info(made) if callable(info) else info
    claims = Claims(ISSUER, "eve", 0.0, 0.0, 0.0, (), "", {})
    wanted = WantedClaims(record.client_id, "", ["groups"], 0.0)
    return result_of(Deferred.fromCoroutine(_user_info(made.provider, record, TokenAnswer("", "access"), wanted, claims)))


def encrypted(text: str, **header: str) -> str:
    """To our key, as a provider does it."""
    head = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", "kid": "k", **header}
    return jwe.encrypt_compact(head, text, PAIR, algorithms=[head["alg"], head["enc"]])


def test_user_info_may_be_encrypted() -> None:
    """Where ID tokens are: signed within, as it is where it is only signed."""
    assert read(lambda made: encrypted(signed(made))) == read(signed) == (INFO, "")
    assert read(INFO) == (INFO, "")


@pytest.mark.parametrize(("info", "record", "why"), [
    (lambda made: encrypted(signed(made)), RECORD, "set id_token_encryption"),
    (lambda made: encrypted(signed(made), kid="x"), ENCRYPTING, "UserInfo: it is encrypted to a key that is not ours"),
    (lambda made: encrypted(json.dumps(INFO)), ENCRYPTING, "UserInfo: what is encrypted is not a signed token"),
    (lambda made: encrypted(signed(made, ECKey.generate_key("P-256", {"kid": "k1"}))), ENCRYPTING, "signature is wrong"),
    (lambda made: encrypted(signed(made, sub="ann")), ENCRYPTING, "another subject"),
    (lambda made: encrypted(signed(made))[:-2] + "xx", ENCRYPTING, "UserInfo: it cannot be decrypted"),
])  # fmt: skip
def test_encrypted_user_info_that_is_not_to_be_believed(info: Any, record: ProviderRecord, why: str) -> None:
    """Anybody can encrypt to our key: what is within has to be the provider's word, of the same user."""
    with pytest.raises(IdentityError) as caught:
        read(info, record)
    assert caught.value.code is Code.TOKEN_REFUSED and why in caught.value.detail


def test_groups_and_name_come_from_user_info() -> None:
    """What the ID token lacks is asked for, once; the log names the groups and where they came from."""
    made = world(INFO)
    browser = Browser(made)
    with capturedLogs() as events:
        assert browser.open(PAGE).content == b"welcome"
    assert browser.session("wiki.example.com")["name"] == "Eve"
    assert made.provider.asked_info == 1
    (said,) = [event for event in events if "groups" in event]
    assert said["groups"] == ["staff"] and "of the UserInfo" in said["source"] and said["missing"] == "nothing"


def test_a_token_that_tells_all_is_enough() -> None:
    """Then nothing more is asked."""
    made = world(INFO, groups=["staff"], email="e", name="Eve")
    assert Browser(made).open(PAGE).content == b"welcome"
    assert made.provider.asked_info == 0


def test_the_token_counts_first() -> None:
    """UserInfo adds to a signed token, and changes nothing of it."""
    made = world({**INFO, "groups": ["staff"], "iss": "x", "exp": 0}, groups=["others"])
    assert Browser(made).open(PAGE).failure is Code.NOT_ASSIGNED
    assert made.provider.asked_info == 1


@pytest.mark.parametrize("info", [
    {**INFO, "sub": "ann"}, {key: value for key, value in INFO.items() if key != "sub"}, {**INFO, "sub": ["eve"]},
    IdentityError(Code.TOKEN_REFUSED, "no JSON"), "x.y.z", "a.b.c.d.e", ""])
def test_user_info_that_is_not_to_be_believed(info: Any) -> None:
    """Of another subject (OpenID Connect Core section 5.3.2), of none, or nothing that can be read: nobody gets in."""
    assert Browser(world(info)).open(PAGE).failure is Code.TOKEN_REFUSED


@pytest.mark.parametrize("error", [
    RequestError(Code.PROVIDER_UNREACHABLE, "time-out"), IdentityError(Code.PROVIDER_REFUSED, "status 401")])
def test_user_info_that_does_not_come(error: RequestError) -> None:
    """Who needs a group of it is not let in; who does not is."""
    assert Browser(world(error)).open(PAGE).failure is Code.NOT_ASSIGNED
    assert Browser(world(error, groups=["staff"])).open(PAGE).content == b"welcome"


def test_signed_user_info() -> None:
    """Its signature, and what it says of issuer and audience, must be right."""
    made = world("")
    for changes, good in (
        ({}, True), ({"iss": ISSUER, "aud": ["client-1"]}, True), ({"iss": "https://other.example"}, False),
        ({"aud": "another"}, False), ({"sub": "ann"}, False),
    ):
        made.provider.info = signed(made, **changes)
        assert (Browser(made).open(PAGE).content == b"welcome") is good
    made.provider.info = signed(made, ECKey.generate_key("P-256", {"kid": "k1"}))
    assert Browser(made).open(PAGE).failure is Code.TOKEN_REFUSED


def test_a_new_key_under_the_old_name() -> None:
    """The key set is fetched again, and the sign-in succeeds."""
    made = World()
    old = made.provider.known
    made.provider.key = ECKey.generate_key("P-256", {"kid": "k1"})
    assert made.provider.known is old
    assert Browser(made).open(PAGE).content == b"welcome"
    assert made.provider.refreshed == 1
    assert Browser(made).open(PAGE).content == b"welcome"
    assert made.provider.refreshed == 1


def test_a_forger_makes_us_ask_once_a_token() -> None:
    """With the same name and another key: refused, after one look."""
    made = World()
    made.provider.known = [made.provider.key]
    forged = ECKey.generate_key("P-256", {"kid": "k1"})
    genuine, made.provider.key = made.provider.key, forged

    async def keys(refresh: bool = False) -> Any:
        made.provider.refreshed += refresh
        from joserfc.jwk import KeySet

        return KeySet([genuine])

    made.provider.keys = keys  # type: ignore[method-assign]
    assert Browser(made).open(PAGE).failure is Code.TOKEN_REFUSED
    assert made.provider.refreshed == 1


def test_pushed_requests() -> None:
    """Where the provider wants them, the browser carries no parameters but the client's id and what stands for the rest."""
    made = World()
    made.provider.document |= {
        "require_pushed_authorization_requests": True, "pushed_authorization_request_endpoint": f"{ISSUER}/par"}
    browser = Browser(made)
    assert browser.open(PAGE).content == b"welcome"
    (asked,) = made.provider.pushed
    assert asked["code_challenge_method"] == "S256" and asked["redirect_uri"].endswith("/callback")
    (url,) = [one for one in browser.seen if one.startswith(f"{ISSUER}/authorize")]
    assert "code_challenge" not in url and "state" not in url


def test_pushed_requests_where_our_side_wants_them() -> None:
    """The provider need not require them: its registration of this client may, which its metadata does not say."""
    able = {"pushed_authorization_request_endpoint": f"{ISSUER}/par"}
    left = World()
    left.provider.document |= able
    assert Browser(left).open(PAGE).content == b"welcome"
    assert left.provider.pushed == []
    made = World(records=(replace(RECORD, pushed_requests="always"),))
    assert Browser(made).open(PAGE).failure is Code.PROVIDER_REFUSED
    made.provider.document |= able
    browser = Browser(made)
    assert browser.open(PAGE).content == b"welcome"
    assert len(made.provider.pushed) == 1
    (url,) = [one for one in browser.seen if one.startswith(f"{ISSUER}/authorize")]
    assert "code_challenge" not in url and "state" not in url


@pytest.mark.parametrize(("raw", "wanted", "found"), [
    ({}, [], ["name"]), ({"email": "x"}, [], []), ({"preferred_username": "x"}, ["groups"], ["groups"]),
    ({"name": "x", "groups": []}, ["groups", "email"], ["email"]), ({"name": "x"}, ["name"], []),
])
def test_what_is_lacking(raw: dict[str, Any], wanted: list[str], found: list[str]) -> None:
    """An empty list of groups is an answer."""
    assert lacking(raw, wanted) == found


#: What Entra says of whoever is in more than 200 groups.
OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/tenant/users/id/getMemberObjects"}},
}


def test_groups_that_do_not_fit() -> None:
    """The refusal says why, and how to change it."""
    made = world({"sub": "eve", "name": "Eve"}, **OVERAGE)
    assert Browser(made).open(PAGE).failure is Code.NOT_ASSIGNED
    (reason,) = [detail["reason"] for _, action, _, detail in made.noted if action == "sign-in.refused"]
    assert "too many for the token" in str(reason) and "--fetch-groups" in str(reason)
    assert made.provider.asked_places == []


def fetch_groups(made: World) -> None:
    """The provider's record allows it from now on."""
    record = replace(RECORD, fetch_groups=True)
    made.sign_in.context.providers["idp"] = OidcProvider(record, made.provider)  # type: ignore[index]


@pytest.mark.parametrize(("elsewhere", "enters"), [
    (["other", "staff"], True), ([], False), (RequestError(Code.PROVIDER_UNREACHABLE, "away"), False),
    (IdentityError(Code.TOKEN_REFUSED, "something else"), False),
])
def test_groups_that_are_fetched(elsewhere: list[str] | Exception, enters: bool) -> None:
    """Where the provider's record allows it. Without them nobody enters who needs one."""
    made = world({"sub": "eve", "name": "Eve"}, **OVERAGE)
    made.store.snapshot = replace(made.store.snapshot, providers={"idp": replace(RECORD, fetch_groups=True)})
    fetch_groups(made)
    made.provider.elsewhere = elsewhere
    assert (Browser(made).open(PAGE).status == 200) is enters
    assert made.provider.asked_places == ["https://graph.microsoft.com/v1.0/me/getMemberObjects"]
    reasons = [str(detail["reason"]) for _, action, _, detail in made.noted if action == "sign-in.refused"]
    assert isinstance(elsewhere, list) or "could not be fetched" in reasons[0]


def test_groups_that_somebody_else_would_tell() -> None:
    """A believed token that names another place than the directory does not make us send the access token there."""
    source = {"src1": {"endpoint": "https://directory.example/groups"}}
    made = world({"sub": "eve", "name": "Eve"}, _claim_names=OVERAGE["_claim_names"], _claim_sources=source)
    fetch_groups(made)
    made.store.snapshot = replace(made.store.snapshot, providers={"idp": replace(RECORD, fetch_groups=True)})
    made.provider.elsewhere = ["staff"]
    assert Browser(made).open(PAGE).failure is Code.NOT_ASSIGNED
    assert made.provider.asked_places == []
    assert "not Microsoft Graph" in str(made.noted[-1][3]["reason"])


#: Groups that are at another place, which is asked with a token of its own.
FAR = {"_claim_names": {"groups": "far"},
       "_claim_sources": {"far": {"endpoint": "https://claims.example.net/me", "access_token": "of the place"}}}
HOSTS = replace(RECORD, settings=read_settings({"claim_hosts": "claims.example.net"}))


def far(record: ProviderRecord, said: Any, **claims: Any) -> World:
    """A service with this record, whose provider says that Eve's groups are elsewhere, where `said` is said."""
    provider = FakeProvider(user="eve", claims={**BARE, "name": "Eve", **claims}, far=said)
    return World(provider=provider, records=(record,))


@pytest.mark.parametrize(("said", "enters"), [
    ({"sub": "eve", "groups": ["staff"]}, True), ({"groups": ["staff"]}, True), ({"groups": ["others"]}, False), ({}, False),
    ({"sub": "ann", "groups": ["staff"]}, False), ("no.token.this", False),
    (RequestError(Code.PROVIDER_UNREACHABLE, "away"), False), (IdentityError(Code.PROVIDER_REFUSED, "status 401"), False),
])
def test_distributed_claims(said: Any, enters: bool) -> None:
    """Asked with the token that is for them alone; what does not come is missing, and the audit says why."""
    made = far(HOSTS, said, **FAR)
    assert (Browser(made).open(PAGE).content == b"welcome") is enters
    assert made.provider.asked_claims == [("https://claims.example.net/me", "of the place")]
    if not isinstance(said, dict):
        assert "source 'far'" in str(made.noted[-1][3]["reason"])


@pytest.mark.parametrize("endpoint", [
    "https://claims.example.net:444/me", "https://evil.claims.example.net/", "http://claims.example.net/me",
    "https://claims.example.net@evil.example/", "https://169.254.169.254/latest", "https://evil.example/?claims.example.net",
    7])
def test_a_place_that_no_admin_has_named(endpoint: Any) -> None:
    """Is not asked, whatever a token says; nor is any without such a setting."""
    source = {"_claim_names": FAR["_claim_names"], "_claim_sources": {"far": {"endpoint": endpoint}}}
    for made in (far(HOSTS, {"groups": ["staff"]}, **source), far(RECORD, {"groups": ["staff"]}, **FAR)):
        assert Browser(made).open(PAGE).failure is Code.NOT_ASSIGNED
        assert made.provider.asked_claims == []


def test_aggregated_claims() -> None:
    """They come in a token of the provider's own; nobody else's signature counts."""
    made = far(RECORD, {})
    forged = ECKey.generate_key("P-256", {"kid": "k1"})
    for key, changes, enters in ((made.provider.key, {}, True), (made.provider.key, {"sub": "ann"}, False),
                                 (made.provider.key, {"iss": "https://other.example"}, False), (forged, {}, False)):
        token = jwt.encode({"alg": "ES256", "kid": "k1"}, {"sub": "eve", "groups": ["staff"], **changes}, key, ["ES256"])
        made.provider.claims |= {"_claim_names": {"groups": "near"}, "_claim_sources": {"near": {"JWT": token}}}
        assert (Browser(made).open(PAGE).content == b"welcome") is enters
    assert made.provider.asked_claims == []
