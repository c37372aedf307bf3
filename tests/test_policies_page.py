"""The examples of docs/policies.md do what the page says of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.reading import read_location, read_policy, read_strength
from appproxy.policy.conditional.documents.strengths import BUILT_IN, strengths_of
from appproxy.policy.conditional.facts import Asked, signing_in_elsewhere
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Location
from appproxy.policy.conditional.parts.contexts import Contexts
from tests.policy.conditional.people import NOON, Person

PAGE = Path(__file__).parent.parent / "docs" / "policies.md"
_BLOCK = re.compile(r"^```toml\n# (\S+): appproxy (policy|location|strength|context) set \1\n(.*?)^```$", re.M | re.S)
OFFICE, HOME, UNWANTED, ABROAD = "192.0.2.7", "198.51.100.7", "203.0.113.7", "198.51.100.200"
PASSKEY = "urn:appproxy:acr:phishing-resistant"


def examples() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File, kind and document of each."""
    for file, kind, text in _BLOCK.findall(PAGE.read_text()):
        yield file, kind, tomllib.loads(text)


#: The payroll is an application with this tag.
TAGGED = {"sensitive": frozenset({"hr"})}
POLICIES = {file: read_policy(document, 0.0, TAGGED) for file, kind, document in examples() if kind == "policy"}
CONTEXTS = Contexts(read_context(document) for _, kind, document in examples() if kind == "context")
LOCATIONS: list[Location] = [read_location(document) for _, kind, document in examples() if kind == "location"]


@dataclass(frozen=True)
class Case:
    """What becomes of somebody's request with one policy."""

    file: str
    outcome: str
    person: Person = Person()
    address: str = HOME
    now: float = NOON
    application: str = "wiki"
    method: bytes = b"GET"
    path: bytes = b"/"

    @property
    def asked(self) -> Asked:
        """The request, or the sign-in to a relying party."""
        if self.application.startswith("relying-party:"):
            return signing_in_elsewhere(self.address, b"")
        return Asked(self.address, method=self.method, path=self.path)


ADMIN = Person(groups=("administrators",), acr=PASSKEY, network=HOME)
#: Monday, 12:00 and 18:00 in UTC are 13:00 and 19:00 in Berlin.
EVENING = NOON + 6 * 3600.0
MFA = Person(amr=("pwd", "otp", "mfa"))


@pytest.mark.parametrize("case", [
    Case("outside.toml", "pass", address=OFFICE), Case("outside.toml", "ask"), Case("outside.toml", "ask", address=""),
    Case("outside.toml", "pass", MFA), Case("outside.toml", "ask", replace(MFA, auth_time=NOON - 86400.0)),
    Case("outside.toml", "pass", Person(acr="urn:appproxy:acr:mfa")),
    Case("blocked.toml", "block", address=UNWANTED), Case("blocked.toml", "block", address=ABROAD),
    Case("blocked.toml", "pass"),
    Case("blocked.toml", "pass", Person(groups=("on call",)), UNWANTED),
    Case("contractors.toml", "pass", Person(groups=("contractors",))),
    Case("contractors.toml", "block", Person(groups=("contractors",)), now=EVENING),
    Case("contractors.toml", "pass", now=EVENING),
    Case("contractors.toml", "block", Person(groups=("contractors",)), now=NOON + 5 * 86400.0),
    Case("admins.toml", "pass", ADMIN, application="console"), Case("admins.toml", "pass", Person(), application="console"),
    Case("admins.toml", "ask", replace(ADMIN, acr=""), application="console"),
    Case("admins.toml", "pass", replace(ADMIN, acr="")),
    Case("admins.toml", "ask", replace(ADMIN, auth_time=NOON - 3600.0), application="console"),
    Case("payroll.toml", "pass", application="hr"), Case("payroll.toml", "ask", application="hr", path=b"/payroll/may"),
    Case("payroll.toml", "pass", application="hr", path=b"/payrolls"),
    Case("payroll.toml", "ask", application="hr", path=b"/%70ayroll/may"),
    Case("payroll.toml", "ask", application="hr", path=b"/x/../payroll/may"),
    Case("payroll.toml", "ask", replace(MFA, auth_time=NOON - 1800.0), application="hr", path=b"/payroll/"),
    Case("payroll.toml", "pass", MFA, application="hr", path=b"/payroll/"),
    Case("payroll.toml", "pass", path=b"/payroll/"),
    Case("crm.toml", "ask", application="relying-party:CRM"), Case("crm.toml", "pass", MFA, application="relying-party:CRM"),
    Case("crm.toml", "ask", application="hr"), Case("crm.toml", "pass", application="relying-party:Wiki"),
    Case("reading.toml", "read-only, no download", application="hr"),
    Case("reading.toml", "pass", address=OFFICE, application="hr"),
    Case("programs.toml", "block", Person(credential="provider"), application="hr"),
    Case("programs.toml", "pass", application="hr"), Case("programs.toml", "pass", Person(credential="provider")),
], ids=lambda case: f"{case.file}-{case.outcome}")  # fmt: skip
def test_an_example(case: Case) -> None:
    """As its words say."""
    places = Locations(LOCATIONS, {ABROAD: "KP"}.get)
    made = PolicySet([POLICIES[case.file]], places, strengths_of([]), (), CONTEXTS)
    program = made.program(case.application)
    if program is None:
        assert case.outcome == "pass"
        return
    decision = program.decide(program.facts(case.person, case.now, case.asked))
    limits = decision.controls.transfers
    passes = "pass" if limits is None else ", ".join(name for name, _ in limits.rules)
    assert ("block" if decision.blocked else "ask" if decision.demand else passes) == case.outcome


def test_every_policy_of_the_page_is_tried() -> None:
    """Each file with more than one outcome."""
    assert set(POLICIES) == {"outside.toml", "blocked.toml", "contractors.toml", "admins.toml", "payroll.toml",
                             "programs.toml", "reading.toml", "crm.toml"}


def test_the_strength_of_the_page_begins_with_the_built_in_one() -> None:
    """It only says more."""
    [document] = [document for _, kind, document in examples() if kind == "strength" and document["name"] == "mfa"]
    assert read_strength(document).name == "mfa"
    ways = BUILT_IN["mfa"]["any_of"]
    assert isinstance(ways, list)
    assert [way for way in ways if way not in document["any_of"]] == []


@pytest.mark.parametrize("table", ["conditions", "grant", "session"])
def test_every_field_is_on_the_page(table: str) -> None:
    """By the error of the reader, which lists what there is."""
    with pytest.raises(ConfigError) as caught:
        read_policy({"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                     "grant": {"require": ["mfa"]}, table: {"?": 1}})
    names = caught.value.hint.removeprefix("there is ").split(", ")
    assert len(names) > 3
    text = PAGE.read_text()
    assert [name for name in names if f"`{table}.{name}`" not in text] == []


def test_the_entra_strength_is_a_context_of_entra() -> None:
    """Among several, and of that provider alone."""
    [document] = [one for _, kind, one in examples() if kind == "strength" and one["name"] != "mfa"]
    strength = read_strength(document)
    proved = Person(provider="entra", amr=("acrs:c2", "acrs:c1"))
    assert strength.is_met(proved)
    assert not strength.is_met(replace(proved, provider="corp"))
    assert not strength.is_met(replace(proved, amr=("acrs:c2", "c1")))
