"""What a verdict on a sign-in at a relying party asks for, and what may be refreshed."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.device import ProvedDevice
from appproxy.errors import Code
from appproxy.identity.session import Session
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.provider.assurance import Level, Method
from appproxy.provider.oauth.party_policies import (
    Elsewhere,
    Missing,
    ProveDevice,
    ProveMore,
    SignInAnew,
    context_of,
    may_refresh,
    missing,
    session_of,
)
from appproxy.provider.tokens import ProviderSession
from appproxy.store.people.user_groups import Group
from appproxy.store.people.users import User
from appproxy.store.snapshot import RelyingParty
from tests.service.dispatch.gates.test_gate import snapshot_of

NOW = 1_800_000_000.0
SESSION = ProviderSession("s", "ann", NOW - 600.0, risk="low")
ANN = User("ann", "ann", "", "", "", False, (Group("g1", "staff"),), 0.0)
MFA, PHISHING_RESISTANT = "urn:appproxy:acr:mfa", "urn:appproxy:acr:phishing-resistant"
STRENGTHS = [
    {"name": "either", "any_of": [{"provider": "builtin", "acr": PHISHING_RESISTANT}, {"provider": "builtin", "acr": MFA}]},
    {"name": "gold", "any_of": [{"provider": "corp", "acr": "gold"}]},
    {"name": "laptop", "any_of": [{"device": "company"}]},
    {"name": "unknown level", "any_of": [{"provider": "builtin", "acr": "urn:other"}]},
]


def policies(*documents: dict[str, Any], exempt: tuple[tuple[str, str], ...] = ()) -> PolicySet:
    """Policies for everybody and everything."""
    whole = [{"name": f"p{number}", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
              **document} for number, document in enumerate(documents)]
    return PolicySet(map(read_policy, whole), Locations(), strengths_of(STRENGTHS), exempt)


def asked(*strengths: str, max_age: float = float("inf"), methods: tuple[Method, ...] = (Method.PASSWORD,)) -> Missing:
    """What is missing of a session with these methods."""
    verdict = SignInRequired("p asks", demand=Demand(frozenset(strengths), max_age), message="Please.")
    return missing(verdict, ProviderSession("s", "ann", NOW, methods), policies(), NOW)


def test_nothing_is_missing_of_who_passes() -> None:
    """And a refusal stays what it is; whose session counts no longer signs in again."""
    session = session_of(SESSION, ANN, "https://signin", NOW)
    refusal = Refuse(Code.POLICY_BLOCKED, "p")
    assert missing(Pass(session), SESSION, policies(), NOW) is None
    assert missing(refusal, SESSION, policies(), NOW) is refusal
    assert missing(SignInRequired("revoked"), SESSION, policies(), NOW) == SignInAnew(None)


@pytest.mark.parametrize(("strengths", "level"), [
    (("mfa",), Level.MFA), (("phishing-resistant",), Level.PHISHING_RESISTANT),
    (("mfa", "phishing-resistant"), Level.PHISHING_RESISTANT), (("either",), Level.MFA),
])
def test_levels(strengths: tuple[str, ...], level: Level) -> None:
    """The lowest that is good for all of them."""
    assert asked(*strengths) == ProveMore(level, "Please.")


def test_the_age_first() -> None:
    """A new sign-in may bring the rest."""
    assert asked("mfa", max_age=300.0) == SignInAnew(300.0)


@pytest.mark.parametrize(("strengths", "methods"), [
    (("gold",), (Method.PASSWORD,)), (("gone",), (Method.PASSWORD,)), (("laptop", "gold"), (Method.PASSWORD,)),
    (("unknown level",), (Method.PASSWORD,)), (("mfa", "gold"), (Method.PASSWORD,)),
    # A level that is proved and was not taken: another provider's word would be needed.
    (("mfa",), (Method.PASSWORD, Method.TOTP)),
])
def test_what_cannot_be_proved_is_refused(strengths: tuple[str, ...], methods: tuple[Method, ...]) -> None:
    """In the admin's words and with what is missing; so nobody is sent round."""
    found = asked(*strengths, methods=methods)
    assert isinstance(found, Refuse) and found.code is Code.PROOF_MISSING
    assert found.message.startswith("Please. Missing: ") and strengths[0] in found.message


def test_devices() -> None:
    """After the level that the provider can prove; one that was proved just now is not asked for again."""
    assert asked("mfa", "laptop") == ProveMore(Level.MFA, "Please.")
    assert isinstance(asked("laptop"), ProveDevice)
    verdict = SignInRequired("p asks", demand=Demand(frozenset({"laptop"})))
    for ago, goes_on in ((59.0, False), (60.0, True)):
        device = ProvedDevice("x", "f", (("CN", "old"),), (), NOW - ago, NOW + 1.0)
        found = missing(verdict, ProviderSession("s", "ann", NOW, device=device), policies(), NOW)
        assert isinstance(found, ProveDevice) is goes_on
        assert goes_on or (isinstance(found, Refuse) and "CN=old is not enough" in found.message)


def test_the_session_as_policies_see_it() -> None:
    """With the user's groups of now, the network of this browser, and the risk that was judged."""
    session = session_of(SESSION, ANN, "https://signin", NOW, "2001:db8::5")
    assert (session.subject, session.provider, session.groups, session.sign_in_risk) == ("ann", "builtin", ("g1",), "low")
    assert session.network == "2001:db8::/64" and session.auth_time == NOW - 600.0 and session.issued == NOW
    assert session_of(SESSION, ANN, "https://signin", NOW).network == ""
    party = RelyingParty("id", "Elsewhere", (), (), {}, 0.0)
    context = context_of(party, session, "192.0.2.1", b"curl")
    assert context.elsewhere and (context.method, context.path) == (b"", b"") and context.application.name == "Elsewhere"
    assert Elsewhere("id", "x").access_of("corp") is None and Elsewhere("id", "x").access_of("builtin") is not None


@pytest.mark.parametrize(("document", "may"), [
    ({"grant": {"block": True}}, False), ({"grant": {"sign_in_within": "5m"}}, False),
    ({"grant": {"sign_in_within": "1h"}}, True), ({"session": {"sign_in_frequency": "10m"}}, False),
    ({"grant": {"require": ["mfa"]}}, False), ({"grant": {"require": ["gone"]}}, False),
    ({"grant": {"require": ["laptop"]}}, True), ({"session": {"no_download": True}}, False),
    ({"grant": {"block": True}, "users": {"include": ["builtin/group:g1"]}}, False),
    ({"grant": {"block": True}, "users": {"include": ["builtin/group:g2"]}}, True),
    ({"grant": {"block": True}, "conditions": {"user_risk": {"include": ["high"]}}}, True),
    *(({"grant": {"block": True}, "conditions": {key: {"include": ["all"]}}}, True)
      for key in ("locations", "platforms", "contexts", "devices", "clients", "sign_in_risk")),
])
def test_refreshes(document: dict[str, Any], may: bool) -> None:
    """What is known without a browser counts; what looks at one was judged at the sign-in."""
    session: Session = session_of(SESSION, ANN, "https://signin", NOW)
    assert may_refresh(snapshot_of(policies=policies(document)), "party", session, NOW) is may
    exempt = policies(document, exempt=(("builtin", "ann"),))
    assert may_refresh(snapshot_of(policies=exempt), "party", session, NOW)
    assert may_refresh(snapshot_of(), "party", session, NOW)
