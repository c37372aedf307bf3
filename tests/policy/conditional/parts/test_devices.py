"""Devices in policies: one counts while its authority vouches for it, and what does not count is in no list."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.device import ProvedDevice
from appproxy.errors import ConfigError
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.decision import Decision
from appproxy.policy.conditional.documents.reading import read_policy, read_strength
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.facts import Asked
from appproxy.policy.conditional.logged import Logged, Outcome
from appproxy.policy.conditional.parts.devices import AHEAD, PROVED, DevicePattern, Devices, TrustedAuthority, is_like
from appproxy.policy.conditional.replay import Replay
from tests.policy.conditional.people import NOON, Person

LAPTOP = ProvedDevice("corp", "f" * 64, (("CN", "LT-7"), ("OU", "Sales")), ("a", "b"), NOON - 60.0, NOON + 3600.0)
TRUST = Devices({"corp": TrustedAuthority("Company"), "other": TrustedAuthority("Other")})
COMPANY = {"name": "company", "any_of": [{"device": "corp", "subject": {"CN": "lt-*"}}]}
EITHER = {"name": "either", "any_of": [{"amr": ["hwk"]}, {"device": "corp"}]}


def policies(trust: Devices = TRUST, **fields: Any) -> PolicySet:
    """One policy for everybody."""
    whole = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, **fields}
    return PolicySet([read_policy(whole)], None, strengths_of([COMPANY, EITHER]), devices=trust)


def decided(made: PolicySet, device: ProvedDevice | None, now: float = NOON) -> Decision:
    """What becomes of a request of who has proved this device."""
    program = made.program("a")
    assert program is not None
    return program.decide(program.facts(Person(device=device), now, Asked()))


@pytest.mark.parametrize(("device", "trust", "now", "counts"), [
    (LAPTOP, TRUST, NOON, True),
    (None, TRUST, NOON, False),
    (LAPTOP, TRUST, NOON + 3600.0, False),
    (LAPTOP, Devices(), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", revoked=frozenset({"b"}))}), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", revoked=frozenset({"c"}))}), NOON, True),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", until=NOON)}), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", answers={})}), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", answers={"b": NOON + 9.0})}), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", answers={"a": NOON + 9.0})}), NOON, True),
    (replace(LAPTOP, answered=NOON + 9.0), Devices({"corp": TrustedAuthority("Company", answers={})}), NOON, True),
    (replace(LAPTOP, answered=NOON), Devices({"corp": TrustedAuthority("Company", answers={"a": NOON})}), NOON, False),
    (LAPTOP, Devices({"corp": TrustedAuthority("Company", until=NOON + 1.0)}), NOON, True),
    (replace(LAPTOP, proved=NOON + AHEAD), TRUST, NOON, True),
    (replace(LAPTOP, proved=NOON + AHEAD + 1.0), TRUST, NOON, False),
], ids=["good", "none", "ended", "authority gone", "revoked", "another revoked", "list ended",
        "not answered", "of one above", "answered again", "answered", "answer ended", "list counts",
        "of another node", "of a time to come"])
def test_when_a_device_counts(device: ProvedDevice | None, trust: Devices, now: float, counts: bool) -> None:
    """In grants and in conditions alike; what does not count is as if nothing had been proved."""
    for strength in ("device", "company", "either"):
        asked = decided(policies(trust, grant={"require": [strength]}), device, now)
        assert bool(asked.demand) is not counts, strength
    for lists, applies in (
        ({"include": ["corp"]}, counts), ({"include": [PROVED]}, counts), ({"exclude": ["corp"]}, not counts),
        ({"exclude": [PROVED]}, not counts), ({"include": ["other"]}, False),
        ({"include": ["all"], "exclude": ["other"]}, True),
    ):
        made = policies(trust, conditions={"devices": lists}, grant={"block": True})
        assert bool(decided(made, device, now).blocked) is applies, lists


@pytest.mark.parametrize(("until", "ends"), [(inf, LAPTOP.ends), (NOON + 5.0, NOON + 5.0)])
def test_a_decision_holds_while_the_device_does(until: float, ends: float) -> None:
    """Until its certificate ends, or the list that says that it is not revoked."""
    made = policies(Devices({"corp": TrustedAuthority("Company", until)}), grant={"require": ["device"]})
    assert decided(made, LAPTOP).holds_until == ends
    assert decided(made, None).holds_until == inf


def test_what_a_subject_is_like() -> None:
    """Each named part is there, and like its pattern; the authority is the named one."""
    for pattern, takes in (
        (DevicePattern(PROVED), True), (DevicePattern("corp"), True), (DevicePattern("other"), False),
        (DevicePattern("corp", (("CN", "lt-*"), ("OU", "sales"))), True), (DevicePattern("corp", (("CN", "LT-8"),)), False),
        (DevicePattern("corp", (("O", "*"),)), False), (DevicePattern("corp", (("OU", "LT-7"),)), False),
    ):
        assert pattern.takes(LAPTOP) is takes, pattern


def test_the_phishing_resistant_strength_takes_no_device_by_itself() -> None:
    """A machine says nothing about who sits there, until the admin says that it does."""
    assert decided(policies(grant={"require": ["phishing-resistant"]}), LAPTOP).demand
    own = strengths_of([{"name": "phishing-resistant", "any_of": [{"device": PROVED}]}])
    made = policies(grant={"require": ["phishing-resistant"]})
    assert not decided(PolicySet(made.policies.values(), None, own, devices=TRUST), LAPTOP).demand


@given(st.text("aB*.", max_size=8), st.text("ab.", max_size=10))
def test_patterns_are_globs(pattern: str, text: str) -> None:
    """A star is any text, and nothing else means anything but itself."""
    expected = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.I).fullmatch(text) is not None
    assert is_like(text, pattern) is expected


@pytest.mark.parametrize(("way", "said"), [
    ({"device": "corp", "acr": "gold", "provider": "idp"}, r"any_of\[0\]\.provider: no provider speaks of devices"),
    ({"subject": {"CN": "x"}}, r"any_of\[0\]\.device: "),
    ({"device": "corp", "subject": {"cn": "x"}}, r"any_of\[0\]\.subject\.cn: there is no such field"),
    ({"device": "corp", "subject": {"CN": ""}}, r"any_of\[0\]\.subject\.CN: a text"),
    ({"device": ["corp"]}, r"any_of\[0\]\.device: a text"),
])
def test_what_no_strength_says(way: dict[str, object], said: str) -> None:
    """The error names the field."""
    with pytest.raises(ConfigError, match=said):
        read_strength({"name": "s", "any_of": [way]})


def test_a_replay_knows_devices() -> None:
    """A logged decision is judged by the authorities and lists of now."""
    entry = Logged(NOON, "a", "builtin", "ann", Outcome.PASS, device=LAPTOP)
    revoked = Devices({"corp": TrustedAuthority("Company", revoked=frozenset({"a"}))})
    for trust, changes in ((TRUST, []), (revoked, [(Outcome.PASS, Outcome.ASKED)])):
        trial = Replay(policies(trust, grant={"require": ["device"]}))
        trial.add(entry)
        assert list(trial.report.changes) == changes
    without = Replay(policies(grant={"require": ["device"]}))
    without.add(replace(entry, device=None))
    assert list(without.report.changes) == [(Outcome.PASS, Outcome.ASKED)]
