"""What is known of a request when a policy is judged, and that none of it is worked out in vain or twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from zoneinfo import ZoneInfo

import pytest

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.facts import BROWSER, NATIVE, Asked, Facts
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Location, Proof, Strength
from appproxy.policy.conditional.parts.devices import NO_DEVICES, PROVED, DevicePattern, Devices, TrustedAuthority
from appproxy.policy.conditional.parts.windows import Window
from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM
from appproxy.policy.risk.user_risk import UserRisk
from tests.policy.conditional.people import NOON, Person

LAPTOP = ProvedDevice("corp", "f" * 64, (("CN", "LT-7"),), ("a", "b"), NOON - 60.0, NOON + 3600.0)
TRUST = Devices({"corp": TrustedAuthority("Company")})


ANN, ASKED, NO_RISK = Person(), Asked(), UserRisk()


def facts(
    person: Person = ANN, asked: Asked = ASKED, strengths: Sequence[Strength] = (), risk: UserRisk = NO_RISK,
    devices: Devices = NO_DEVICES, locations: Sequence[Location] = (),
) -> Facts:
    """Those of noon."""
    return Facts(
        person, NOON, asked, Locations(locations), {one.name: one for one in strengths}, user_risk=risk, devices=devices)


class CountingLocations(Locations):
    """Says how often it was asked."""

    asked = 0

    def of(self, address: str) -> frozenset[str]:
        self.asked += 1
        return super().of(address)


def test_where_the_user_is_is_looked_up_once() -> None:
    """However many policies ask."""
    table = CountingLocations([Location("office", ("192.0.2.0/24",))])
    found = Facts(Person(), NOON, Asked("192.0.2.7"), table, {})
    assert table.asked == 0
    assert found.locations == found.locations == frozenset({"office"}) and table.asked == 1


@pytest.mark.parametrize(("credential", "kind"), [("", BROWSER), ("access token", NATIVE), ("service token", NATIVE)])
def test_how_a_session_is_used(credential: str, kind: str) -> None:
    """By what was shown in place of a cookie."""
    assert facts(Person(credential=credential)).client_kind == kind


def test_what_the_browser_says_it_runs_on() -> None:
    """In the field that it sends."""
    assert facts(asked=Asked(user_agent=b"Mozilla/5.0 (Windows NT 10.0; Win64; x64)")).platform == "windows"


@pytest.mark.parametrize(("until", "now_known", "held"), [(NOON + 1.0, True, NOON + 1.0), (NOON, False, inf)])
def test_a_device_counts_until_it_does_not(until: float, now_known: bool, held: float) -> None:
    """From that moment on none is proved, and that is so for good."""
    found = facts(Person(device=replace(LAPTOP, ends=until)), devices=TRUST)
    assert found.device_until == held and (found.device is not None) is now_known
    assert found.devices == (frozenset({PROVED, "corp"}) if now_known else frozenset())


def test_a_device_of_nobody_who_is_trusted() -> None:
    """Or none: nothing is proved."""
    for found in (facts(Person(device=LAPTOP)), facts(devices=TRUST)):
        assert (found.device, found.devices, found.device_until) == (None, frozenset(), inf)


def test_a_device_meets_a_strength_while_it_counts() -> None:
    """And no longer."""
    strength = Strength("laptop", (Proof(device=DevicePattern("corp")),))
    assert facts(Person(device=LAPTOP), strengths=[strength], devices=TRUST).meets("laptop")
    assert not facts(Person(device=replace(LAPTOP, ends=NOON)), strengths=[strength], devices=TRUST).meets("laptop")


def test_strengths_are_those_of_this_sign_in() -> None:
    """One that nobody has defined is met by nobody."""
    found = facts(Person(amr=("otp",)), strengths=[Strength(one, (Proof(amr=frozenset({one})),)) for one in ("otp", "hwk")])
    assert [found.meets(one) for one in ("otp", "hwk", "gone", "otp")] == [True, False, False, True]


@pytest.mark.parametrize(("risk", "level", "until"), [
    (UserRisk(), LOW, inf), (UserRisk(NOON + 5.0), MEDIUM, NOON + 5.0), (UserRisk(NOON + 5.0, NOON + 2.0), HIGH, NOON + 2.0),
    (UserRisk(NOON), LOW, inf),
])
def test_the_risk_of_the_user_is_that_of_the_moment(risk: UserRisk, level: str, until: float) -> None:
    """It falls by itself."""
    found = facts(risk=risk)
    assert (found.user_risk, found.user_risk_until) == (level, until)
    assert facts(Person(sign_in_risk=HIGH)).sign_in_risk == HIGH


def test_a_window_is_open_in_its_own_zone() -> None:
    """At noon in UTC it is evening in Tokyo; each is told with its next edge."""
    found, every = facts(), frozenset(range(7))
    windows = [Window(every, 9 * 60, 17 * 60, ZoneInfo(zone)) for zone in ("UTC", "Asia/Tokyo")]
    assert [found.window(one) for one in (*windows, *windows)] == [(True, NOON + 900.0), (False, NOON + 900.0)] * 2
    soon = Window(every, 12 * 60 + 5, 13 * 60, ZoneInfo("UTC"))
    assert found.window(soon) == (False, NOON + 300.0)
