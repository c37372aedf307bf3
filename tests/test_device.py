"""What sessions carry of a device."""

from __future__ import annotations

import json

import pytest

from appproxy.device import ProvedDevice

LAPTOP = ProvedDevice("corp", "f" * 64, (("CN", "laptop-7"), ("OU", "sales")), ("a" * 32, "b" * 32), 1000.5, 2000.0)


def test_there_and_back() -> None:
    """As JSON, which a cookie and the decision log hold."""
    assert ProvedDevice.read(json.loads(json.dumps(LAPTOP.payload()))) == LAPTOP


def test_what_is_none() -> None:
    """Nothing is made up of a part."""
    with pytest.raises(KeyError):
        ProvedDevice.read({"a": "corp"})


def test_what_people_read() -> None:
    """The subject; of a certificate without one, its fingerprint."""
    assert str(LAPTOP) == "CN=laptop-7, OU=sales"
    assert str(ProvedDevice("corp", "0123456789abcdef0", (), (), 0.0, 0.0)) == "0123456789abcdef"
