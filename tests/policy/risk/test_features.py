"""What is seen of a sign-in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.risk.features import ALL, NEW_DEVICE, AddressStep, Seen, networks_of, step_of


@pytest.mark.parametrize(("address", "found"), [
    ("192.0.2.7", ("192.0.2.7", "192.0.2.0/24", "192.0.0.0/16")),
    ("::ffff:192.0.2.7", ("192.0.2.7", "192.0.2.0/24", "192.0.0.0/16")),
    ("2001:db8:1:2::3", ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32")),
    ("no address", ("no address",) * 3),
])
def test_what_an_address_is_in(address: str, found: tuple[str, str, str]) -> None:
    """A host of IPv6 may change within its /64."""
    assert networks_of(address) == found


@given(st.text())
def test_no_text_is_too_long(text: str) -> None:
    """What cannot be read is cut, so that nobody's memory grows with it."""
    assert all(len(one) <= 64 for one in networks_of(text))


@pytest.mark.parametrize(("address", "country", "step"), [
    ("192.0.2.7", "FR", AddressStep.ADDRESS), ("192.0.2.8", "FR", AddressStep.BLOCK), ("192.0.3.7", "FR", AddressStep.RANGE),
    ("198.51.100.1", "DE", AddressStep.COUNTRY),
    ("198.51.100.1", "FR", AddressStep.NONE), ("198.51.100.1", "", AddressStep.NONE),
])
def test_the_closest_that_is_known(address: str, country: str, step: AddressStep) -> None:
    """Of an address: itself, what is around it, its country; an unknown country is nobody's."""
    history = [Seen(0.0, networks_of("192.0.2.7"), "DE"), Seen(0.0, networks_of("10.0.0.1"), "")]
    assert step_of(Seen(1.0, networks_of(address), country), history) is step
    assert step_of(Seen(1.0, networks_of(address), country), []) is AddressStep.FIRST


def test_what_is_counted() -> None:
    """Once each; without a country and a device these are not."""
    bare = Seen(13 * 3600.0, networks_of("192.0.2.7"), step=AddressStep.NONE).counted()
    assert ALL in bare and ("hour", "13") in bare and ("step", "none") in bare
    assert not {kind for kind, _ in bare} & {"country", "device"}
    assert NEW_DEVICE in Seen(0.0, networks_of("192.0.2.7"), new_device=True).counted()
    assert len(set(bare)) == len(bare)
