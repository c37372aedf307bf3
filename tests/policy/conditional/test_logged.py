"""A line of the decision log says all that it was made of, and what is no line is told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.device import ProvedDevice
from appproxy.policy.conditional.logged import Logged, Outcome, read_line, truncated

ENTRY = Logged(
    1000.5, "a1", "builtin", "ann", Outcome.ASKED, "'p' asks for mfa", ("staff",), "gold", ("pwd", "otp"), 900.0, 950.0,
    "192.0.2.1", "provider", "192.0.2.7", False, b"Mozilla \xff", b"POST", b"/pay/\xc3\xa4", True, 3, "medium",
    "high", ProvedDevice("corp", "f" * 64, (("CN", "laptop-7"),), ("a" * 32,), 940.0, 2000.0))


@pytest.mark.parametrize("entry", [ENTRY, Logged(1.0, "a", "p", "u", Outcome.PASS, method=b"", path=b"")])
def test_there_and_back(entry: Logged) -> None:
    """In one line, whatever the request has in it."""
    assert read_line(entry.line()) == entry
    assert "\n" not in replace(entry, reason="a\nb").line()


@pytest.mark.parametrize("line", [
    "", "[]", "{}", "3", "{", b"\xff\xfe", '{"time":"x","application":"a","provider":"p","user":"u","outcome":"pass"}',
    '{"time":1,"application":"a","provider":"p","user":"u","outcome":"maybe"}',
    '{"time":1,"application":"a","provider":"p","user":"u","outcome":"pass","groups":3}',
    '{"time":1,"application":"a","provider":"p","user":"u","outcome":"pass","path":"\\u1234"}',
    '{"time":1,"application":"a","provider":"p","user":"u","outcome":"pass","device":{"a":"corp"}}',
    '{"time":true,"application":"a","provider":"p","user":"u","outcome":"pass"}',
    f'{{"time":{"1" * 400},"application":"a","provider":"p","user":"u","outcome":"pass"}}', "[" * 200_000,
], ids=lambda one: str(one[:40]))
def test_what_is_no_line(line: str | bytes) -> None:
    """Such as the half one at the end of a full disk."""
    with pytest.raises(ValueError):
        read_line(line)


@pytest.mark.parametrize(("address", "expected"), [
    ("192.0.2.7", "192.0.2.0"), ("::ffff:192.0.2.7", "192.0.2.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("", ""), ("x", ""),
])
def test_an_address_without_its_last_bits(address: str, expected: str) -> None:
    """What is left is a site's, and nobody's own."""
    assert truncated(address) == expected
