"""Strengths that are always there."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.strengths import BUILT_IN, strengths_of
from appproxy.policy.conditional.model import DEVICE, MFA, PHISHING_RESISTANT
from tests.policy.conditional.people import Person

OTP, PASSKEY = "urn:appproxy:acr:mfa", "urn:appproxy:acr:phishing-resistant"


@pytest.mark.parametrize(("person", "met"), [
    (Person(acr=OTP), {MFA}), (Person(acr=PASSKEY), {MFA, PHISHING_RESISTANT}), (Person(amr=("pwd", "mfa")), {MFA}),
    (Person(amr=("pwd",)), set()),
    # What another provider calls a level is its own word for it.
    (Person(provider="corp", acr=OTP), set()), (Person(provider="corp", acr=PASSKEY), set()),
    (Person(provider="corp", amr=("mfa",)), {MFA}),
])
def test_what_the_built_in_ones_are(person: Person, met: set[str]) -> None:
    """The built-in provider has its levels; of others `mfa` alone means the same everywhere (RFC 8176 section 2)."""
    found = strengths_of([])
    assert set(found) == set(BUILT_IN) == {MFA, PHISHING_RESISTANT, DEVICE}
    assert {name for name, one in found.items() if one.is_met(person)} == met


def test_a_stored_one_takes_the_place_of_a_built_in_one() -> None:
    """Whoever trusts their own provider's word says so; a wrong one is refused."""
    found = strengths_of([{"name": MFA, "any_of": [{"acr": "2", "provider": "corp"}]}, {"name": "own",
        "any_of": [{"amr": ["otp"]}]}])
    assert set(found) == {*BUILT_IN, "own"}
    assert found[MFA].is_met(Person(provider="corp", acr="2")) and not found[MFA].is_met(Person(acr=OTP))
    with pytest.raises(ConfigError):
        strengths_of([{"name": "own", "any_of": []}])
