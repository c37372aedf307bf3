"""What native clients get at the token end point when things have changed since the user allowed it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from appproxy.identity.openid.oidc import challenge
from appproxy.provider.oauth.grants import GrantContext
from appproxy.provider.oauth.token_requests import answer_token_request
from appproxy.provider.tokens import CodeGrant, ProviderSession
from appproxy.publish.routing import Router
from appproxy.store.machines import device_codes, native_clients, native_grants
from appproxy.store.machines.native_grants import NativeGrant
from appproxy.store.people import users
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import ISSUER, House

CALLBACK, VERIFIER = "http://127.0.0.1:1/cb", "v" * 43


class Native:
    """A client for the wiki, which Ann has allowed in each way."""

    def __init__(self, house: House) -> None:
        self.house = house
        add = partial(native_clients.add, device_codes=True)
        self.id = house.write(add, "Tool", [house.application("wiki").id], [CALLBACK]).id
        self.user = house.read(users.find, "ann").id
        self.session = ProviderSession("s" * 32, self.user, house.now)
        self.resource = house.application("wiki").home

    def context(self, *, bearer: str = "provider", another: bool = False, hours: float = 12.0) -> GrantContext:
        """The moment's facts. `another`: what is published at the URL is another application than then."""
        snapshot = self.house.live.snapshot
        wiki = replace(self.house.application("wiki"), bearer=bearer)
        wiki = replace(wiki, id="another") if another else wiki
        record = replace(snapshot.providers[BUILTIN], session_hours=hours)
        changed = replace(snapshot, applications={wiki.id: wiki}, router=Router([wiki]), providers={BUILTIN: record})
        return GrantContext(ISSUER, changed, self.house.now, secrets.token_bytes)

    def form(self, kind: str) -> Mapping[str, str]:
        """A token request that was good before anything changed."""
        house, context = self.house, self.context()
        if kind == "authorization_code":
            grant = CodeGrant(
                secrets.token_hex(16), self.id, CALLBACK, challenge(VERIFIER), "", "", self.session, self.resource)
            code = grant.seal(context.key, house.now, context.nonce())
            form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        elif kind == "refresh_token":
            methods = tuple(method.value for method in self.session.methods)
            ends = house.now + 43200.0
            begun = NativeGrant(secrets.token_hex(16), self.id, self.user, "", self.resource, house.now, methods, ends)
            form = {"refresh_token": house.write(native_grants.begin, begun)}
        else:
            secret, code_ = house.write(device_codes.new, self.id, "", self.resource)
            assert house.write(device_codes.decide, code_.id, self.session.packed())
            form = {"device_code": secret}
        return {"grant_type": kind, "client_id": self.id, **form}


KINDS = ("authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code")


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_changed_since(house: House, kind: str) -> None:
    """No tokens for what is another application now, or takes none; some when all is as it was."""
    native = Native(house)
    for changes in ({"another": True}, {"bearer": "off"}):
        status, answer = house.write(answer_token_request, native.context(**changes), native.form(kind))
        assert status == 400 and answer["error"] in ("invalid_grant", "access_denied"), answer
    status, answer = house.write(answer_token_request, native.context(), native.form(kind))
    assert status == 200 and answer["refresh_token"], answer


@pytest.mark.parametrize("kind", KINDS)
def test_another_resource_than_was_allowed(house: House, kind: str) -> None:
    """It is told so, instead of getting tokens for what it did not ask for (RFC 8707 section 2.2)."""
    native = Native(house)
    for resource in ("https://another.example.com/", "x"):
        form = {**native.form(kind), "resource": resource}
        status, answer = house.write(answer_token_request, native.context(), form)
        assert (status, answer["error"]) == (400, "invalid_target"), answer
    form = {**native.form(kind), "resource": native.resource}
    status, answer = house.write(answer_token_request, native.context(), form)
    assert status == 200 and answer["refresh_token"], answer


def test_who_asks_a_refresh_for_another_resource_keeps_the_token(house: House) -> None:
    """It counts until it gives the next one."""
    native = Native(house)
    form = native.form("refresh_token")
    wrong = {**form, "resource": "https://another.example.com/"}
    assert house.write(answer_token_request, native.context(), wrong)[0] == 400
    house.clock.advance(60.0)
    assert house.write(answer_token_request, native.context(), form)[0] == 200


def test_shorter_sessions(house: House) -> None:
    """Grants that have begun end earlier, too, when the setting becomes shorter."""
    native = Native(house)
    form = native.form("refresh_token")
    house.clock.advance(7200.0)
    status, answer = house.write(answer_token_request, native.context(hours=3.0), form)
    assert status == 200
    again = {**form, "refresh_token": str(answer["refresh_token"])}
    assert house.write(answer_token_request, native.context(hours=1.0), again) == (400, {"error": "invalid_grant"})
