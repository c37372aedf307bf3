"""Addresses that browsers keep themselves over a sign-in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import IdentityError
from appproxy.identity.long_address import LONGEST, keep, recall
from tests.identity.test_sealing import NEW, NONCE, OLD

HOST, ID = "wiki.example.com", "0123456789abcdef"


def jar(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    """What a browser has of them; each must be one that it keeps (RFC 6265bis section 5.6: 4,096 bytes)."""
    assert all(len(line) <= 4096 and b"; Path=/.appproxy/at/0123456789abcdef; Secure; HttpOnly; " in line for line in lines)
    pairs = (line.partition(b";")[0].partition(b"=") for line in lines)
    return {name: [value] for name, _, value in pairs}


@given(st.binary(min_size=1, max_size=LONGEST))
def test_it_comes_back_as_it_was(target: bytes) -> None:
    """To the byte, however little it can be packed."""
    assert recall(jar(keep(target, ID, HOST, NEW, NONCE)), ID, HOST, [OLD, NEW]) == target


def test_the_longest_needs_three_cookies() -> None:
    """Also where packing makes it no smaller; most need one."""
    noise = bytes(33 + (number * number * 7919 + number * 31) % 94 for number in range(LONGEST))
    assert len(jar(keep(noise, ID, HOST, NEW, NONCE))) <= 3
    assert len(jar(keep(b"/search?" + b"filter=status&" * 580, ID, HOST, NEW, NONCE))) == 1


@pytest.mark.parametrize(("id", "host", "keys"), [
    ("f" * 16, HOST, [NEW]), (ID, "other.example.com", [NEW]), (ID, HOST, [OLD]), (ID, HOST, []),
])
def test_it_opens_nowhere_else(id: str, host: str, keys: list[object]) -> None:
    """Under another id, on another host, without its key."""
    with pytest.raises(IdentityError):
        recall(jar(keep(b"/x", ID, HOST, NEW, NONCE)), id, host, keys)  # type: ignore[arg-type]


def test_what_a_neighbour_plants_does_not_count() -> None:
    """The cookie of the longer path comes first, and is the one; without it there is none."""
    kept = jar(keep(b"/x", ID, HOST, NEW, NONCE))
    assert recall({name: [*values, b"planted"] for name, values in kept.items()}, ID, HOST, [NEW]) == b"/x"
    for cookies in ({}, {b"appproxy-at-0": [b"planted"]}, {**kept, b"appproxy-at-1": [b"AAAA"]}):
        with pytest.raises(IdentityError):
            recall(cookies, ID, HOST, [NEW])
