"""The browsers in which a user has signed in before."""

from __future__ import annotations

from appproxy.identity.devices import LIFETIME, MOST, Device, known_device, seal_devices, unseal_devices, with_device
from appproxy.identity.sealing import seal
from appproxy.store.snapshot import SealingKey

NOW = 1782864000.0
KEY, NEWER = SealingKey(1, b"k" * 32, NOW), SealingKey(2, b"n" * 32, NOW)
NONCE = b"n" * 12
ANN, BOB = Device("a" * 32, "ann", NOW), Device("b" * 32, "bob", NOW + 5)


def test_comes_back_whole_for_half_a_year() -> None:
    """Also when a newer key seals by now; afterwards it is nothing."""
    text = seal_devices([ANN, BOB], KEY, NOW, NONCE)
    assert unseal_devices(text, [NEWER, KEY], NOW + LIFETIME - 1) == (ANN, BOB)
    assert unseal_devices(text, [NEWER, KEY], NOW + LIFETIME) == ()
    assert b"ann" not in text


def test_forged_ones_are_nothing() -> None:
    """Neither made up, nor sealed for something else, nor under another key."""
    for text in (None, b"", b"AQEB", seal("provider session", {"d": [["x", "ann", NOW]]}, KEY, NOW + 9, NONCE),
                 seal_devices([ANN], NEWER, NOW, NONCE)):
        assert unseal_devices(text, [KEY], NOW) == ()


def test_known_only_as_the_users_own() -> None:
    """Not as another user's, not after the password was changed, not after half a year."""
    assert known_device([BOB, ANN], "ann", NOW - 1, NOW) == ANN
    assert known_device([BOB], "ann", NOW - 1, NOW) is None
    assert known_device([ANN], "ann", NOW + 1, NOW + 2) is None
    assert known_device([ANN], "ann", 0.0, NOW + LIFETIME) is None


def test_users_of_one_browser() -> None:
    """Each has an entry of their own; a new sign-in takes the place of the old one, and the oldest go."""
    newer = Device("a" * 32, "ann", NOW + 9)
    assert with_device([BOB, ANN], newer) == (newer, BOB)
    many = tuple(Device("x", f"user{number}", NOW) for number in range(MOST))
    assert with_device(many, ANN) == (ANN, *many[:-1])
    assert len(seal_devices(with_device(many, ANN), KEY, NOW, NONCE)) < 3500 // 2
