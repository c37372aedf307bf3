"""The sealed texts of one sign-in: each opens at its own step only."""

from __future__ import annotations

import pytest

from appproxy.errors import IdentityError
from appproxy.identity.sealing import encode
from appproxy.identity.states import (
    FINISH_LIFETIME,
    MAX_TARGET,
    START_LIFETIME,
    Finish,
    Pending,
    Start,
    binding,
    check_binding,
    is_start_secret,
)
from tests.identity.test_cookie import SESSION
from tests.identity.test_sealing import NEW, NONCE, NOW

SECRET = encode(b"r" * 32)
START = Start("wiki", "wiki.example.com", "/page?q=1", binding(SECRET))
PENDING = Pending(START, "idp", "nonce", "verifier")
FINISH = Finish("once", START, SESSION)


def test_each_step_reads_its_own_text() -> None:
    """What a step wrote, the next one reads."""
    assert Start.unseal(START.seal(NEW, NOW, NONCE), [NEW], NOW) == START
    assert Pending.unseal(PENDING.seal(NEW, NOW, NONCE, "state"), [NEW], NOW, "state") == PENDING
    assert Finish.unseal(FINISH.seal(NEW, NOW, NONCE), [NEW], NOW, "wiki.example.com") == FINISH


def test_no_step_reads_anothers() -> None:
    """A start text cannot be used as the ticket into the application, nor the other way round."""
    start, pending, finish = START.seal(NEW, NOW, NONCE), PENDING.seal(NEW, NOW, NONCE, "s"), FINISH.seal(NEW, NOW, NONCE)
    for text in (start, pending):
        with pytest.raises(IdentityError):
            Finish.unseal(text, [NEW], NOW, "wiki.example.com")
    for text in (pending, finish):
        with pytest.raises(IdentityError):
            Start.unseal(text, [NEW], NOW)
    with pytest.raises(IdentityError):
        Pending.unseal(pending, [NEW], NOW, "other state")
    with pytest.raises(IdentityError):
        Finish.unseal(finish, [NEW], NOW, "crm.example.com")


def test_they_do_not_last() -> None:
    """Ten minutes to sign in, one minute for the last step."""
    with pytest.raises(IdentityError):
        Start.unseal(START.seal(NEW, NOW, NONCE), [NEW], NOW + START_LIFETIME)
    with pytest.raises(IdentityError):
        Finish.unseal(FINISH.seal(NEW, NOW, NONCE), [NEW], NOW + FINISH_LIFETIME, "wiki.example.com")


def test_only_the_browser_that_started() -> None:
    """Another browser's start cookie, or none, does not fit."""
    check_binding(START, SECRET)
    for secret in (encode(b"x" * 32), b"", None):
        with pytest.raises(IdentityError):
            check_binding(START, secret)


def test_start_secrets_by_their_form() -> None:
    """Only a cookie that looks like one of ours is shared by a second tab."""
    assert is_start_secret(SECRET)
    assert not any(map(is_start_secret, (b"", b"short", encode(b"r" * 31), b"r" * 64, SECRET + b"=")))


def test_the_longest_way_back_fits() -> None:
    """The longest target that is kept fits into the cookie and the URLs that carry it."""
    start = Start("a" * 16, "h" * 100, "/" + "x" * (MAX_TARGET - 1), binding(SECRET))
    assert len(Pending(start, "p" * 16, "n" * 22, "v" * 43).seal(NEW, NOW, NONCE, "s")) < 4000
    assert len(Finish("u" * 32, start, SESSION).seal(NEW, NOW, NONCE)) < 8000 - 3500
