"""The examples of docs/devices.md do what the page says of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy, read_strength
from appproxy.policy.conditional.documents.strengths import BUILT_IN, strengths_of
from appproxy.policy.conditional.facts import Asked
from appproxy.policy.conditional.parts.devices import Devices, TrustedAuthority
from tests.policy.conditional.people import NOON, Person

PAGE = (Path(__file__).parent.parent / "docs" / "devices.md").read_text()
DOCUMENTS: dict[str, dict[str, Any]] = {
    file: tomllib.loads(text)
    for file, text in re.findall(r"^```toml\n# (\S+): appproxy \w+ set \1\n(.*?)^```$", PAGE, re.M | re.S)}
TRUST = Devices({name: TrustedAuthority(name) for name in ("company", "subsidiary", "others")})
LAPTOP = ProvedDevice("company", "f" * 64, (("CN", "LT-7"), ("OU", "laptops")), (), NOON - 60.0, NOON + 60.0)
MFA = Person(amr=("pwd", "otp", "mfa"))


@pytest.mark.parametrize(("file", "person", "outcome"), [
    ("sensitive.toml", replace(MFA, device=LAPTOP), "pass"), ("sensitive.toml", MFA, "ask"),
    ("sensitive.toml", Person(device=LAPTOP), "ask"),
    ("sensitive.toml", replace(MFA, device=replace(LAPTOP, authority="gone")), "ask"),
    ("reading.toml", Person(), "read-only, no download"), ("reading.toml", Person(device=LAPTOP), "pass"),
    ("reading.toml", Person(device=replace(LAPTOP, authority="others")), "read-only, no download"),
    ("reading.toml", Person(device=replace(LAPTOP, ends=NOON)), "read-only, no download"),
])
def test_a_policy(file: str, person: Person, outcome: str) -> None:
    """As its words say."""
    policy = read_policy(DOCUMENTS[file], 0.0, {"sensitive": frozenset({"hr"})})
    program = PolicySet([policy], None, strengths_of([]), devices=TRUST).program("hr")
    assert program is not None
    decision = program.decide(program.facts(person, NOON, Asked()))
    limits = decision.controls.transfers
    passes = "pass" if limits is None else ", ".join(name for name, _ in limits.rules)
    assert ("ask" if decision.demand else passes) == outcome


@pytest.mark.parametrize(("file", "device", "is_met"), [
    ("laptop.toml", LAPTOP, True), ("laptop.toml", replace(LAPTOP, subject=(("CN", "LT-7"),)), False),
    ("laptop.toml", replace(LAPTOP, subject=(("CN", "PC-7"), ("OU", "Laptops"))), False),
    ("laptop.toml", replace(LAPTOP, authority="subsidiary", subject=()), True),
    ("laptop.toml", replace(LAPTOP, authority="others"), False),
    ("phishing-resistant.toml", LAPTOP, True), ("phishing-resistant.toml", replace(LAPTOP, authority="others"), False),
])
def test_a_strength(file: str, device: ProvedDevice, is_met: bool) -> None:
    """Of the named authorities, and of a subject as it is named."""
    assert read_strength(DOCUMENTS[file]).is_met(Person(), device) is is_met


def test_the_stronger_strength_begins_with_the_built_in_one() -> None:
    """It only says more."""
    ways = BUILT_IN["phishing-resistant"]["any_of"]
    assert isinstance(ways, list)
    assert [way for way in ways if way not in DOCUMENTS["phishing-resistant.toml"]["any_of"]] == []


def test_every_example_is_tried() -> None:
    """Each file of the page."""
    assert set(DOCUMENTS) == {"sensitive.toml", "laptop.toml", "phishing-resistant.toml", "reading.toml"}
