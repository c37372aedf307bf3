"""Cookies that tie a sign-in to a browser, many at the same time."""

from __future__ import annotations

import pytest

from appproxy.identity import binding

PREFIX = b"__Host-appproxy-start"
ONE, TWO = binding.mint(b"1" * 16), binding.mint(b"2" * 16)


def cookie(secret: bytes) -> binding.Cookie:
    """As it comes from the browser."""
    return binding.cookie_name(PREFIX, secret), secret


def test_each_secret_has_a_name_of_its_own() -> None:
    """So that the answer to one tab never replaces the cookie of another."""
    assert binding.cookie_name(PREFIX, ONE) != binding.cookie_name(PREFIX, TWO)
    assert binding.secrets_of([cookie(ONE), cookie(TWO)], PREFIX) == [ONE, TWO]


@pytest.mark.parametrize(
    "other",
    [(PREFIX, ONE), (binding.cookie_name(PREFIX, TWO), ONE), (binding.cookie_name(b"x", ONE), ONE), (PREFIX + b"-1", b"short"),
     (binding.cookie_name(PREFIX, ONE + b"="), ONE + b"=")],
)  # fmt: skip
def test_what_is_none_of_ours(other: binding.Cookie) -> None:
    """A cookie with another name or form than we gave it does not count."""
    assert binding.secrets_of([other], PREFIX) == []


def test_only_the_browser_that_has_the_secret() -> None:
    """Among several the right one is found; without it nothing is."""
    assert binding.find(binding.binding(TWO), [ONE, TWO]) == TWO
    assert binding.find(binding.binding(TWO), [ONE]) is None
    assert binding.find("", [ONE]) is None
    assert binding.find("not ascii: \u00e9", [ONE]) is None


def test_the_oldest_make_room() -> None:
    """With one more there are as many as there may be."""
    cookies = [cookie(binding.mint(bytes([number]) * 16)) for number in range(10)]
    assert binding.surplus(cookies, PREFIX, 11) == []
    assert binding.surplus(cookies, PREFIX, 8) == [name for name, _ in cookies[:3]]
    assert binding.surplus([(b"other", b"x")] * 20, PREFIX, 8) == []
