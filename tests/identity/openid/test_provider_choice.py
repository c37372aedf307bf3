"""Which of several identity providers a sign-in goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.identity.openid.provider_choice import ProviderChoice, ascii_domain, by_domain, domain_of
from appproxy.store.snapshot import SealingKey

KEYS = (SealingKey(1, b"k" * 32, 0.0),)
DOMAINS = {"corp": ("corp.example", "xn--mller-kva.example"), "guests": ("guests.example", "corp.example")}


@pytest.mark.parametrize(("address", "domain"), [
    ("ann@corp.example", "corp.example"), (" Ann@CORP.example. ", "corp.example"), ('"a@b"@corp.example', "corp.example"),
    ("ann@müller.example", "xn--mller-kva.example"), ("corp.example", ""), ("@corp.example", ""), ("ann@", ""), ("", ""),
    ("ann@a..b", ""), ("ann@corp example", ""), ("a\n@corp.example", ""), ("x" * 250 + "@corp.example", ""),
])
def test_the_domain_of_an_address(address: str, domain: str) -> None:
    """In its ASCII form; of what is no address none."""
    assert domain_of(address) == domain


@pytest.mark.parametrize(("address", "provider"), [
    ("ann@corp.example", "corp"), ("ann@Müller.example", "corp"), ("bob@guests.example", "guests"),
    ("ann@sub.corp.example", None), ("ann@evilcorp.example", None), ("ann@corp.example.evil.example", None), ("", None),
])
def test_whose_domain_it_is(address: str, provider: str | None) -> None:
    """Exactly; of two providers with one domain the first."""
    assert by_domain(address, DOMAINS) == provider


@given(st.text(max_size=300))
def test_any_text_as_a_domain(text: str) -> None:
    """It is ASCII without surprises, and stays what it is; never an exception."""
    found = ascii_domain(text)
    assert found.isascii() and len(found) <= 253 and "@" not in found and ascii_domain(found) == found
    domain_of(text)


def test_what_was_chosen() -> None:
    """The newest choice counts where it is offered; where another is, that; after a sign-out the page asks again."""
    choice = ProviderChoice().chosen("corp", keep=False).chosen("guests", keep=True)
    assert choice.among(["corp", "guests"]) == "guests" and choice.among(["corp"]) == "corp" and choice.among(["x"]) is None
    asking = choice.unsettled()
    assert asking.among(["corp", "guests"]) is None and asking.kept
    assert asking.ordered(["x", "corp", "guests"]) == ["guests", "corp", "x"]
    assert asking.chosen("corp", keep=False) == ProviderChoice(("corp", "guests"), True, False)
    for number in range(20):
        choice = choice.chosen(str(number), keep=False)
    assert len(choice.last) == 8 and choice.last[0] == "19"


def test_it_is_sealed() -> None:
    """What nobody of us has sealed is no choice."""
    choice = ProviderChoice(("corp", "guests"), True, True)
    value = choice.seal(KEYS[0], b"n" * 12)
    assert ProviderChoice.unseal(value, KEYS) == choice and b"corp" not in value
    for other in (None, b"", b"x", value[:-1], b"[[],true,true]"):
        assert ProviderChoice.unseal(other, KEYS) == ProviderChoice()
