"""Which sessions count, and what an authorization request leads to."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest

from appproxy.errors import IdentityError
from appproxy.provider.oauth.grants import (
    AskPassword,
    GrantContext,
    Redirect,
    SignedIn,
    authorize,
    authorize_after_sign_in,
    find_active,
)
from appproxy.provider.oauth.token_requests import answer_token_request
from appproxy.provider.tokens import SESSION_LIFETIME, CodeGrant, ProviderSession
from appproxy.store.people import users
from appproxy.store.people.session import one_time
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import ISSUER, NOW, Flow, House


def context(house: House) -> GrantContext:
    """The moment's facts."""
    return GrantContext(ISSUER, house.live.snapshot, house.now, secrets.token_bytes)


def ann(house: House) -> SignedIn:
    """Ann with a session from now."""
    user = house.read(users.find, "ann")
    return SignedIn(ProviderSession("s" * 32, user.id, house.now), user)


class TestValid:
    @pytest.mark.parametrize(
        ("age", "not_before", "revoked", "valid"),
        [
            (0.0, 0.0, "", True),
            (SESSION_LIFETIME - 1, 0.0, "", True),
            (SESSION_LIFETIME, 0.0, "", False),
            (10.0, NOW - 10.0, "", True),
            (10.0, NOW - 9.9, "", False),
            (10.0, 0.0, "session", False),
            (10.0, 0.0, "another", True),
            # A clock that jumped back a day: the session is not older for it, and lives no longer than it says.
            (-86400.0, 0.0, "", True),
        ],
    )  # fmt: skip
    def test_table(self, house: House, age: float, not_before: float, revoked: str, valid: bool) -> None:
        """A session counts until its end, unless it or all of the user's up to a moment were revoked."""
        snapshot = replace(
            house.live.snapshot, revoked_sessions=frozenset({revoked}),
            not_before={(BUILTIN, "user"): not_before, ("corp", "user"): NOW},
        )
        session = ProviderSession("session", "user", NOW - age)
        assert GrantContext(ISSUER, snapshot, NOW, secrets.token_bytes).valid(session) is valid


class TestFindActive:
    """The user of a session is looked up afresh, whatever the snapshot of this node already knows."""

    def test_as_they_are(self, house: House) -> None:
        """A user who may sign in is found."""
        who = ann(house)
        assert house.read(find_active, who.session) == who.user

    @pytest.mark.parametrize("deed", [users.disable, users.remove])
    def test_not_any_more(self, house: House, deed: Callable[..., object]) -> None:
        """A user who was disabled or removed is not found, not even with a session that is newer."""
        who = ann(house)
        house.write(deed, "ann")
        house.clock.advance(1)
        assert house.read(find_active, replace(who.session, auth_time=house.now)) is None

    def test_another_password(self, house: House) -> None:
        """A session from before the password was changed has no user; one from after it has."""
        who = ann(house)
        house.clock.advance(1)
        house.write(users.set_password, "ann", who.user.password_hash)
        assert house.read(find_active, who.session) is None
        assert house.read(find_active, replace(who.session, auth_time=house.now)) is not None


class TestAuthorize:
    def test_decisions(self, house: House) -> None:
        """Without a user the password is asked for, with one the browser gets a code."""
        query = Flow(house.application("wiki").id).query()
        asked = authorize(context(house), query, None)
        assert asked == AskPassword(query)
        assert isinstance(authorize(context(house), query, ann(house)), Redirect)

    def test_the_code_carries_what_it_is_bound_to(self, house: House) -> None:
        """The code opens to client, redirect URI, challenge, nonce and session, with an id of its own each time."""
        flow = Flow(house.application("wiki").id)
        facts, who = context(house), ann(house)
        grants = []
        for _ in range(2):
            decided = authorize(facts, flow.query(), who)
            assert isinstance(decided, Redirect)
            code = decided.location.partition("code=")[2].partition("&")[0]
            grants.append(CodeGrant.unseal(code, flow.client_id, facts.snapshot.keys, facts.now))
        assert grants[0].id != grants[1].id
        query = flow.query()
        assert grants[0] == CodeGrant(
            grants[0].id, flow.client_id, query["redirect_uri"], query["code_challenge"], query["nonce"],
            query["scope"], who.session,
        )  # fmt: skip

    def test_the_application_went_meanwhile(self, house: House) -> None:
        """When the application is unpublished while the user types the password, nothing is sent anywhere."""
        facts = replace(context(house), snapshot=replace(house.live.snapshot, applications={}))
        with pytest.raises(IdentityError):
            authorize_after_sign_in(facts, Flow(house.application("wiki").id).query(), ann(house))

    def test_secrets_in_print(self, house: House) -> None:
        """Printed facts show no key."""
        assert house.live.snapshot.keys[0].secret not in repr(context(house)).encode()


class TestTokenRequest:
    def test_two_nodes_at_once(self, house: House) -> None:
        """A code that another node has used up gives nothing here."""
        flow = Flow(house.application("wiki").id)
        facts = context(house)
        decided = authorize(facts, flow.query(), ann(house))
        assert isinstance(decided, Redirect)
        code = decided.location.partition("code=")[2].partition("&")[0]
        grant = CodeGrant.unseal(code, flow.client_id, facts.snapshot.keys, facts.now)
        assert house.write(one_time.use_once, f"code {grant.id}", facts.now + 60)
        status, answer = house.write(answer_token_request, facts, flow.token_form(code))
        assert (status, answer["error"]) == (400, "invalid_grant")
