"""Relying parties hear that a session has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from joserfc import jwt
from twisted.internet.defer import Deferred

from appproxy.identity.openid.logout_token import EVENT, check_logout_token
from appproxy.provider.back_channel import WAITS, BackChannel
from appproxy.provider.oauth.signing import key_set
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people import users
from appproxy.store.people.session import client_sessions, sessions
from appproxy.store.service import audit
from appproxy.store.service.actions import CLIENT_SIGN_OUT_FAILED as NOT_TOLD
from appproxy.store.service.actions import CLIENT_SIGNED_OUT as TOLD
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import ISSUER, Browser, House, sign_in
from tests.provider.test_relying_parties import AT, HOME, Party, redeem

HEAR = "https://elsewhere.example/backchannel-logout"


@dataclass
class Wire:
    """What was posted, and what is answered: a status, or with None nothing until `answers` is called."""

    status: int | None = 200
    posts: list[tuple[str, str, str]] = field(default_factory=list)
    waiting: list[Deferred[int]] = field(default_factory=list)

    def __call__(self, url: str, form: Mapping[str, str], ca_bundle: str) -> Deferred[int]:
        """As `Post`."""
        self.posts.append((url, form["logout_token"], ca_bundle))
        answer: Deferred[int] = Deferred()
        if self.status is None:
            self.waiting.append(answer)
        else:
            answer.callback(self.status)
        return answer

    def answer(self, status: int) -> None:
        """Answer what waits."""
        waiting, self.waiting = self.waiting, []
        for one in waiting:
            one.callback(status)


@pytest.fixture
def wire() -> Wire:
    """To all relying parties."""
    return Wire()


@pytest.fixture
def channel(house: House, wire: Wire) -> Iterator[BackChannel]:
    """Running."""
    numbers = count()

    def random_bytes(size: int) -> bytes:
        return next(numbers).to_bytes(size, "big")

    made = BackChannel(house.live, ISSUER, house.clock, lambda: house.now, random_bytes, wire)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def party(house: House) -> Party:
    """One that hears."""
    made, secret = house.write(clients.add, "Elsewhere", ClientChanges([AT], [HOME], HEAR))
    return Party(made.id, secret=secret)


def settle(house: House) -> None:
    """What is due at once happens."""
    for _ in range(6):
        house.clock.advance(0)


def said(house: House, text: str) -> dict[str, Any]:
    """What a token says, whose signature is good."""
    token = jwt.decode(text, house.read(lambda reading: key_set(read_signing_keys(reading))), algorithms=["ES256"])
    assert token.header["typ"] == "logout+jwt"
    return dict(token.claims)


def told(house: House) -> list[audit.AuditRow]:
    """What the audit says, the newest first."""
    return [row for row in house.read(audit.list_recent) if row.action in (TOLD, NOT_TOLD)]


@pytest.mark.usefixtures("channel")
class TestTold:
    def test_a_sign_out(self, browser: Browser, house: House, party: Party, wire: Wire) -> None:
        """Signing out at the provider is told to who was given tokens in that session, with a token by the rules."""
        redeem(browser, party, sign_in(browser, party).query["code"])
        settle(house)
        assert wire.posts == []
        browser.post("/logout", {"csrf": browser.get("/logout").csrf})
        settle(house)
        ((url, token, ca_bundle),) = wire.posts
        assert (url, ca_bundle) == (HEAR, "")
        claims = said(house, token)
        user = house.read(users.find, "ann").id
        assert set(claims) == {"iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"}
        assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, party.client_id, user)
        assert claims["exp"] - claims["iat"] == 120 and claims["events"] == {EVENT: {}}
        keys = house.read(lambda reading: key_set(read_signing_keys(reading)))
        read = check_logout_token(
            token, keys, issuer=ISSUER, client_id=party.client_id, algorithms=["ES256"], now=house.now)
        assert read.sid == claims["sid"] and read.subject == user
        (row,) = told(house)
        assert (row.action, row.target) == (TOLD, party.client_id)
        assert row.detail == {"name": "Elsewhere", "subject": user, "session": read.sid, "tries": 1}

    @pytest.mark.parametrize("end", [
        lambda house, user: house.write(users.set_password, "ann", "hash"),
        lambda house, user: house.write(users.remove, "ann"),
        lambda house, user: house.write(users.disable, "ann"),
        lambda house, user: house.write(sessions.revoke_subject, BUILTIN, user),
    ])
    def test_a_user_who_may_no_longer(
        self, browser: Browser, house: House, party: Party, wire: Wire, end: Callable[[House, str], object]
    ) -> None:
        """Another password, disabled, removed, ended by an administrator: told without a session, for all of them."""
        user = house.read(users.find, "ann").id
        redeem(browser, party, sign_in(browser, party).query["code"])
        house.clock.advance(1)
        end(house, user)
        settle(house)
        ((_, token, _),) = wire.posts
        claims = said(house, token)
        assert claims["sub"] == user and "sid" not in claims

    def test_who_was_given_nothing(self, browser: Browser, house: House, party: Party, wire: Wire) -> None:
        """A code that nobody has redeemed is no session; one that is redeemed after the end is none either."""
        code = sign_in(browser, party).query["code"]
        session = browser.get("/logout")
        browser.post("/logout", {"csrf": session.csrf})
        settle(house)
        assert wire.posts == [] and redeem(browser, party, code).status == 400

    def test_what_ended_on_another_node(self, browser: Browser, house: House, party: Party, wire: Wire) -> None:
        """A code is worth nothing as soon as its session ended in the store, whatever this node knows."""
        code = sign_in(browser, party).query["code"]
        house.clock.advance(1)
        before = house.live.snapshot
        house.write(sessions.revoke_subject, BUILTIN, house.read(users.find, "ann").id)
        house.live._snapshot = before  # the node is a second behind
        assert redeem(browser, party, code).status == 400


@pytest.mark.usefixtures("channel")
class TestAway:
    def end(self, house: House, party: Party, *sids: str) -> None:
        """End sessions that a client knows."""
        for sid in sids:
            house.write(client_sessions.begin, party.client_id, sid, "ann")
        for sid in sids:
            house.write(sessions.revoke_session, sid)
        settle(house)

    def test_tried_again(self, house: House, party: Party, wire: Wire) -> None:
        """At growing distances, with another token each; then it is given up, which the audit says."""
        wire.status = 503
        self.end(house, party, "s1")
        for number, wait in enumerate(WAITS, 1):
            assert len(wire.posts) == number
            house.clock.advance(wait - 1)
            assert len(wire.posts) == number
            house.clock.advance(1)
            settle(house)
        assert len(wire.posts) == len(WAITS) + 1 and len({token for _, token, _ in wire.posts}) == len(wire.posts)
        (row,) = told(house)
        assert row.action == NOT_TOLD and row.detail["reason"] == "status 503" and row.detail["tries"] == len(WAITS) + 1
        assert house.read(client_sessions.next_due) is None

    def test_back_again(self, house: House, party: Party, wire: Wire) -> None:
        """A party that was away hears it when it is there."""
        wire.status = 404
        self.end(house, party, "s1")
        wire.status = 204
        house.clock.advance(WAITS[0])
        settle(house)
        assert [(row.action, row.detail["tries"]) for row in told(house)] == [(TOLD, 2)]

    def test_refused(self, house: House, party: Party, wire: Wire) -> None:
        """A party that does not believe the token is not asked again (section 2.8)."""
        wire.status = 400
        self.end(house, party, "s1")
        assert [row.action for row in told(house)] == [NOT_TOLD] and house.read(client_sessions.next_due) is None

    def test_one_that_is_silent(self, house: House, party: Party, wire: Wire) -> None:
        """Has two calls at a time, and delays no other party."""
        made, _ = house.write(clients.add, "Other", ClientChanges([AT], backchannel_logout_uri="https://other.example/"))
        wire.status = None
        self.end(house, party, "s1", "s2", "s3", "s4")
        assert len(wire.posts) == 2
        self.end(house, Party(made.id), "s5")
        assert [url for url, _, _ in wire.posts] == [HEAR, HEAR, "https://other.example/"]
        wire.answer(200)
        settle(house)
        assert len(wire.posts) == 5

    def test_a_stop(self, house: House, party: Party, wire: Wire, channel: BackChannel) -> None:
        """What is under way at a stop is tried by the next process."""
        wire.status = None
        self.end(house, party, "s1")
        channel.stop()
        wire.status = 200
        other = BackChannel(house.live, ISSUER, house.clock, lambda: house.now, lambda size: b"x" * size, wire)
        other.start()
        house.clock.advance(client_sessions.LEASE)
        settle(house)
        other.stop()
        assert len(wire.posts) == 2 and [row.action for row in told(house)] == [TOLD]

    def test_one_that_hears_no_more(self, house: House, party: Party, wire: Wire) -> None:
        """Its address was taken away meanwhile."""
        wire.status = 503
        self.end(house, party, "s1")
        house.write(clients.change, party.client_id, ClientChanges(backchannel_logout_uri=""))
        house.clock.advance(WAITS[0])
        settle(house)
        assert len(wire.posts) == 1 and house.read(client_sessions.next_due) is None
