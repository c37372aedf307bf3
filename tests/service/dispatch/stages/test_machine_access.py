"""The stages of programs, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError
from appproxy.identity.openid.access_token import AccessToken
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.sender import SENDER
from appproxy.publish.application import Application
from appproxy.service.dispatch.dispatcher import Dispatcher
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import MachineGate
from appproxy.service.dispatch.gates.provider_tokens import KnownToken
from appproxy.service.dispatch.order import stages
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stages.machine_access import BURST, MachineAuthentication, MachineAuthorization, Programs
from appproxy.store.snapshot import ProviderRecord, ServiceToken
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_request
from tests.service.dispatch.gates.test_machine_gate import APP, TEXT, TOKEN, request
from tests.service.dispatch.stage_fakes import NOW, SignInPage, exchange_of, passes, programs
from tests.service.dispatch.test_order import parts
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import World


def walk(made: InboundRequest, parts: Programs, *, basic: bool = False) -> bool:
    """Through both stages."""
    if basic:
        made.route = replace(made.route, application=replace(APP, bearer_basic=True))
    assert passes(MachineAuthentication(parts), made)
    return passes(MachineAuthorization(parts, SignInPage(), ErrorPages()), made)


def test_who_may_passes() -> None:
    """And is known from here on."""
    made = request()
    assert walk(made, programs()) and made.session is not None and made.session.subject == TOKEN.id


def test_wrong_credentials_are_401() -> None:
    """As RFC 6750 says, never a redirect, and the audit hears of it without the credential."""
    heard: list[tuple[object, ...]] = []
    parts = replace(programs(), note=lambda *entry: heard.append(entry))
    made = request(value=f"Bearer {TEXT[:-1]}B")
    made.head.fields.append((b"accept", b"text/html"))
    assert not walk(made, parts, basic=True)
    exchange = exchange_of(made)
    assert (exchange.status, exchange.failure) == (401, Code.CREDENTIAL_REFUSED)
    said = exchange.block.decode()
    assert 'www-authenticate: Bearer realm="wiki.example.com", error="invalid_token"\n' in said
    assert 'www-authenticate: Basic realm="wiki.example.com", charset="UTF-8"\n' in said
    assert heard[0][:3] == ("anonymous", "program.refused", "wiki") and TEXT[30:40] not in str(heard)


def test_a_token_for_something_else_is_403() -> None:
    """Which another token would change, and the same one never."""
    made = request()
    token: ServiceToken = replace(TOKEN, applications=frozenset({"blog"}))
    made.snapshot = replace(made.snapshot, service_tokens={token.id: token})
    assert not walk(made, programs())
    assert exchange_of(made).status == 403 and b'error="insufficient_scope"' in exchange_of(made).block


def test_people_are_sent_to_the_sign_in() -> None:
    """As without this setting."""
    made = request(value="Digest x")
    assert not walk(made, programs()) and exchange_of(made).status == 303


def test_nobody_tries_for_ever() -> None:
    """Of one network; whoever has a good token gets in all the same."""
    parts = programs()
    statuses = []
    for _ in range(int(BURST) + 1):
        made = request(value="Bearer wrong")
        walk(made, parts)
        statuses.append(exchange_of(made).status)
    assert statuses == [401] * int(BURST) + [429]
    assert b"retry-after: 2\n" in exchange_of(made).block
    assert walk(request(), parts)


TOKENS = replace(APP, bearer="provider")
IDP = ProviderRecord("builtin", "Own", "https://idp.example.com", "appproxy", "")


class Book:
    """Tokens as a provider would vouch for them: `answers` by token."""

    def __init__(self) -> None:
        self.kept: dict[bytes, KnownToken] = {}
        self.asked: list[tuple[bytes, str]] = []
        self.answers: dict[bytes, Deferred[KnownToken]] = {}
        self.familiar: set[bytes] = set()

    def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
        return self.kept.get(token)

    def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
        return token in self.familiar

    def learn(self, token: bytes, record: ProviderRecord, now: float) -> Deferred[KnownToken]:
        self.asked.append((token, SENDER.get()))
        return self.answers.setdefault(token, Deferred())


def good(**changes: object) -> KnownToken:
    """A token of ann's."""
    said = {"iss": IDP.issuer, "aud": "https://wiki.example.com/", "sub": "ann", "iat": NOW - 5, "exp": NOW + 99, **changes}
    return KnownToken(AccessToken(said, "at+jwt"), "", NOW + 60, IDP)


class Node(World):
    """A node with these two stages, and a book."""

    def __init__(self, application: Application = TOKENS) -> None:
        super().__init__(applications=(application,))
        self.snapshot = replace(self.snapshot, providers={"builtin": IDP})
        self.book = Book()
        gate = MachineGate(Gate(), lambda *use: None, self.book)
        self.programs = Programs(gate=gate, tokens=self.book, seconds=self.clock.seconds)
        order = stages(replace(parts(self.relay), programs=self.programs))
        self.dispatcher = Dispatcher(order, ErrorPages(), self, lambda: NOW, self.clock)
        self.connector = self.welcomed()

    def ask(self, token: str = "opaque", client: str = "192.0.2.7") -> FakeExchange:
        """A request with this token."""
        head = head_for("https://wiki.example.com/page", fields=[(b"authorization", f"Bearer {token}".encode())])
        exchange = FakeExchange(head, client=client)
        exchange.id = f"{len(self.book.asked):032x}"
        self.dispatcher(exchange)
        return exchange


def test_a_request_waits_for_the_provider_once() -> None:
    """Then it goes on as the user whom the token is of, though nothing was remembered of it."""
    node = Node()
    exchange = node.ask()
    assert exchange.status == 0 and node.book.asked == [(b"opaque", "192.0.2.7")]
    node.book.answers[b"opaque"].callback(good())
    assert exchange.subject == "ann" and len(node.book.asked) == 1
    (frame,) = [frame for frame in node.connector.frames() if frame[0] == Kind.REQ]
    assert b"authorization" not in frame[3] and b"opaque" not in decode_request(frame[3]).block


def test_what_the_provider_does_not_vouch_for() -> None:
    """401, with where to get a token."""
    node = Node()
    exchange = node.ask()
    node.book.answers[b"opaque"].callback(KnownToken(None, "inactive", NOW + 60, IDP))
    assert (exchange.status, exchange.detail) == (401, "inactive")
    place = b"https://wiki.example.com/.well-known/oauth-protected-resource"
    assert b'error="invalid_token", resource_metadata="%b"' % place in exchange.block


def test_too_few_scopes_are_403() -> None:
    """And it says which there must be."""
    node = Node(replace(TOKENS, bearer_scopes=frozenset({"write"})))
    exchange = node.ask()
    node.book.answers[b"opaque"].callback(good(scope="read"))
    assert exchange.status == 403 and b'error="insufficient_scope", scope="write"' in exchange.block


def test_a_provider_that_is_away() -> None:
    """503: the program may try again with the same token."""
    node = Node()
    exchange = node.ask()
    node.book.answers[b"opaque"].errback(RequestError(Code.PROVIDER_UNREACHABLE, "away"))
    assert exchange.status == 503


def test_who_leaves_waits_no_longer() -> None:
    """And nothing comes after it."""
    node = Node()
    exchange = node.ask()
    assert exchange.responder is not None
    exchange.responder.user_left(Code.CANCELLED)
    assert node.book.answers[b"opaque"].called


def test_a_flood_of_tokens_reaches_no_provider() -> None:
    """After too many wrong ones of a network nobody is asked; what was good before is."""
    node = Node()
    for number in range(int(BURST) + 5):
        exchange = node.ask(f"t{number}")
        if number < BURST:
            node.book.answers[f"t{number}".encode()].callback(KnownToken(None, "inactive", NOW, IDP))
    assert exchange.status == 429 and len(node.book.asked) == int(BURST)
    node.book.familiar.add(b"mine")
    node.ask("mine")
    assert node.book.asked[-1][0] == b"mine"
    node.ask("other", "198.51.100.1")
    assert node.book.asked[-1][0] == b"other"


def test_what_is_known_is_not_asked() -> None:
    """And is looked at again when its time is over."""
    node = Node()
    node.book.kept[b"opaque"] = good()
    assert node.ask().subject == "ann" and node.book.asked == []


def test_a_service_token_goes_to_no_provider() -> None:
    """Whatever it is worth."""
    node = Node(replace(TOKENS, bearer="both"))
    assert node.ask(TEXT).status == 401 and node.book.asked == []


GOLD = {"name": "gold", "any_of": [{"provider": "builtin", "acr": acr} for acr in ("gold", 'o"dd')]}


def asking(grant: Mapping[str, Any], **said: object) -> Node:
    """A node with a policy, and a good token, which says this."""
    node = Node()
    policy = {"name": "p", "state": "on", "message": "More is needed.", "users": {"include": ["all"]},
              "applications": {"include": ["all"]}, "grant": grant}
    strengths = strengths_of([GOLD, {"name": "otp", "any_of": [{"amr": ["otp"]}]}])
    node.snapshot = replace(node.snapshot, policies=PolicySet([read_policy(policy)], Locations(), strengths))
    node.book.kept[b"opaque"] = good(**said)
    return node


def asked_for(grant: Mapping[str, Any], **said: object) -> FakeExchange:
    """The answer to it."""
    return asking(grant, **said).ask()


@pytest.mark.parametrize(("grant", "more"), [
    ({"require": ["gold"]}, b', acr_values="gold"'),
    ({"require": ["mfa"]}, b', acr_values="urn:appproxy:acr:mfa urn:appproxy:acr:phishing-resistant"'),
    ({"require": ["mfa", "phishing-resistant"], "sign_in_within": "30m"},
     b', acr_values="urn:appproxy:acr:phishing-resistant", max_age="1800"'),
    ({"sign_in_within": "5m"}, b', max_age="300"'), ({"require": ["otp"]}, b', max_age="0"'),
])
def test_a_policy_asks_a_program_for_more(grant: Mapping[str, Any], more: bytes) -> None:
    """401 with what the next sign-in has to have (RFC 9470), and nothing reaches the application."""
    exchange = asked_for(grant)
    assert (exchange.status, exchange.failure) == (401, Code.PROGRAM_STEP_UP)
    assert b'error="insufficient_user_authentication"' + more + b", resource_metadata=" in exchange.block
    assert b"More is needed." in exchange.pieces[0] and b"invalid_token" not in exchange.block
    has = {"acr": "gold", "amr": ["otp", "mfa"], "auth_time": NOW - 60}
    if "phishing-resistant" not in grant.get("require", ()):
        assert asked_for(grant, **has).subject == "ann"


def test_what_no_sign_in_of_a_program_can_prove() -> None:
    """A device is 403: a program that is told to sign in again would do so for ever."""
    exchange = asked_for({"require": ["device"]})
    assert (exchange.status, exchange.failure) == (403, Code.PROOF_MISSING)
    assert b"insufficient_user_authentication" not in exchange.block


def test_asking_for_more_is_no_wrong_credential() -> None:
    """However often a program asks again: others of its network are not held up by it."""
    node = asking({"require": ["gold"]})
    assert {node.ask().status for _ in range(int(BURST) + 5)} == {401}


@pytest.mark.parametrize(("said", "status"), [
    ({}, 0), ({"sign_in_risk": "low"}, 0), ({"sign_in_risk": "high"}, 403), ({"sign_in_risk": "made up"}, 0),
    ({"sign_in_risk": ["high"]}, 0),
])
def test_the_risk_of_a_program_is_what_the_built_in_provider_says(said: dict[str, object], status: int) -> None:
    """And no other provider, which may mean something else by it."""
    node = Node()
    policy = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
              "conditions": {"sign_in_risk": {"include": ["high"]}}, "grant": {"block": True}}
    node.snapshot = replace(node.snapshot, policies=PolicySet([read_policy(policy)], Locations(), strengths_of([])))
    node.book.kept[b"opaque"] = good(**said)
    assert node.ask().status == status
