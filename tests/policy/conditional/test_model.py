"""Policies, strengths and proofs as values."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.model import (
    AskedLevels,
    Policy,
    PolicyState,
    Proof,
    Strength,
    Who,
    levels_for,
)
from appproxy.policy.conditional.parts.devices import DevicePattern
from tests.policy.conditional.people import Person

LAPTOP = ProvedDevice("corp", "f" * 64, (("CN", "LT-7"), ("OU", "Laptops")), ("a", "b"), 0.0, 2e9)


@pytest.mark.parametrize(("who", "person", "has"), [
    (Who(True), Person(), True),
    (Who(), Person(groups=("staff",)), False),
    (Who(users=frozenset({("builtin", "ann")})), Person(), True),
    (Who(users=frozenset({("corp", "ann")})), Person(), False),
    (Who(groups=frozenset({("builtin", "staff")})), Person(groups=("guests", "staff")), True),
    (Who(groups=frozenset({("corp", "staff")})), Person(groups=("staff",)), False),
    (Who(users=frozenset({("builtin", "bob")}), groups=frozenset({("builtin", "staff")})), Person(), False),
])
def test_whom_an_assignment_is_about(who: Who, person: Person, has: bool) -> None:
    """A name means somebody at one provider; at another it is somebody else."""
    assert who.has(person) is has


@pytest.mark.parametrize(("included", "excluded", "application", "is_for"), [
    (None, (), "wiki", True), (None, ("wiki",), "wiki", False), (("wiki",), (), "wiki", True), (("wiki",), (), "mail", False),
    (("wiki",), ("wiki",), "wiki", False), (("wiki", "mail"), ("mail",), "wiki", True), ((), (), "wiki", False),
])
def test_what_a_policy_is_for(included: Sequence[str] | None, excluded: Sequence[str], application: str, is_for: bool) -> None:
    """An exclusion wins; an empty list is no application, and none means all."""
    policy = Policy("p", PolicyState.ON, Who(), Who(), None if included is None else frozenset(included), frozenset(excluded))
    assert policy.is_for(application) is is_for


def test_groups_are_those_of_both_sides() -> None:
    """Also those that are excluded have to be known of a session."""
    ours, theirs = ("builtin", "staff"), ("corp", "guests")
    policy = Policy("p", PolicyState.ON, Who(groups=frozenset({ours})), Who(groups=frozenset({theirs})), None, frozenset())
    assert policy.groups() == {ours, theirs}


@pytest.mark.parametrize(("proof", "person", "met"), [
    (Proof(), Person(), True),
    (Proof(provider="corp"), Person(), False),
    (Proof(provider="builtin"), Person(), True),
    (Proof(acr="high"), Person(acr="high"), True),
    (Proof(acr="high"), Person(acr="low"), False),
    (Proof(acr="c1"), Person(acr="1", amr=("pwd", "acrs:c1")), True),
    (Proof(acr="c1"), Person(acr="1", amr=("pwd", "c1")), False),
    (Proof(amr=frozenset({"otp", "pwd"})), Person(amr=("pwd", "otp", "sms")), True),
    (Proof(amr=frozenset({"otp", "pwd"})), Person(amr=("otp",)), False),
    (Proof("builtin", "high", frozenset({"otp"})), Person(acr="high", amr=("otp",)), True),
    (Proof("builtin", "high", frozenset({"otp"})), Person(acr="high"), False),
    (Proof("builtin", "high", frozenset({"otp"})), Person(acr="low", amr=("otp",)), False),
    (Proof("builtin", "high", frozenset({"otp"})), Person(provider="corp", acr="high", amr=("otp",)), False),
])
def test_what_meets_a_proof(proof: Proof, person: Person, met: bool) -> None:
    """All that it names, of whom it names; what it does not name may be anything."""
    assert Strength("s", (proof,)).is_met(person) is met


def test_any_of_the_proofs_will_do() -> None:
    """The order does not matter; without any nobody has it."""
    good, bad = Proof(amr=frozenset({"pwd"})), Proof(amr=frozenset({"otp"}))
    assert Strength("s", (bad, good)).is_met(Person()) and Strength("s", (good, bad)).is_met(Person())
    assert not Strength("s", ()).is_met(Person())


def test_a_device_is_proved_by_a_device_alone() -> None:
    """Whatever the provider has said; and a sign-in still does where there is another proof for it."""
    by_device = Strength("s", (Proof(device=DevicePattern("corp", (("OU", "Laptops"),))),))
    assert by_device.is_met(Person(), LAPTOP) and not by_device.is_met(Person())
    assert not Strength("s", (Proof(device=DevicePattern("other")),)).is_met(Person(), LAPTOP)
    either = Strength("s", (Proof(device=DevicePattern("other")), Proof(amr=frozenset({"pwd"}))))
    assert either.is_met(Person(), LAPTOP) and either.is_met(Person())
    assert by_device.by_device and either.by_device and not Strength("s", (Proof(),)).by_device


def test_who_may_meet_it() -> None:
    """A device is nothing that a provider says."""
    strength = Strength("s", (Proof("corp"), Proof(device=DevicePattern("corp"))))
    assert strength.by_provider("corp") and not strength.by_provider("builtin")
    assert Strength("s", (Proof(amr=frozenset({"otp"})),)).by_provider("builtin")


def test_levels_to_ask_for() -> None:
    """Each once, in the order in which they are named, and none of another provider's."""
    proofs = (Proof(acr="b"), Proof("builtin", "a"), Proof("corp", "c"), Proof("builtin", "b"), Proof(amr=frozenset({"otp"})))
    strength = Strength("s", proofs)
    assert (strength.acr_values("builtin"), strength.acr_values("corp")) == (["b", "a"], ["b", "c"])


def levels(*acr: str, provider: str = "") -> Strength:
    """One that any of these levels meets."""
    return Strength("s", tuple(Proof(provider, one) for one in acr))


@pytest.mark.parametrize(("strengths", "asked"), [
    ([], AskedLevels((), False)),
    ([levels("a", "b")], AskedLevels(("a", "b"), True)),
    # One that is good for all is asked for alone, the first that the first strength names first.
    ([levels("a", "b", "c"), levels("c", "b")], AskedLevels(("b", "c"), True)),
    ([levels("a", "b"), levels("b", "c"), levels("c", "d")], AskedLevels(("a", "b", "c", "d"), False)),
    ([levels("a"), None], None),
    ([None], None),
    ([levels("a"), Strength("s", (Proof(amr=frozenset({"otp"})),))], None),
    # What no sign-in at this provider can meet is not asked of it.
    ([levels("a"), Strength("s", (Proof(device=DevicePattern("corp")),))], AskedLevels(("a",), True)),
    ([levels("a"), levels("z", provider="corp")], AskedLevels(("a",), True)),
    ([Strength("s", (Proof(device=DevicePattern("corp")),))], AskedLevels((), False)),
])
def test_which_levels_prove_several_strengths(strengths: list[Strength | None], asked: AskedLevels | None) -> None:
    """One for all where there is one; None where only a whole new sign-in may help."""
    assert levels_for(strengths, "builtin") == asked
