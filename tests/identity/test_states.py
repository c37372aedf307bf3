"""The sealed texts of one sign-in: each opens at its own step only."""

from __future__ import annotations

import pytest

from appproxy.errors import IdentityError
from appproxy.identity.binding import binding, mint
from appproxy.identity.states import (
    FINISH_LIFETIME,
    MAX_STATE,
    MAX_TARGET,
    START_LIFETIME,
    FinishState,
    PendingState,
    StartState,
    verifier_of,
)
from tests.identity.test_cookie import SESSION
from tests.identity.test_sealing import NEW, NONCE, NOW

SECRET = mint(b"r" * 16)
START = StartState("wiki", "wiki.example.com", "/page?q=1", binding(SECRET))
PENDING = PendingState(START, "idp", "nonce", binding(SECRET))
FINISH = FinishState("once", START, SESSION)
HOST = "wiki.example.com"


@pytest.mark.parametrize("tries", [0, 1])
def test_each_step_reads_its_own_text(tries: int) -> None:
    """What a step wrote, the next one reads, with the number of tries."""
    start = StartState("wiki", HOST, "/page?q=1", binding(SECRET), tries)
    pending, finish = PendingState(start, "idp", "nonce", "b"), FinishState("once", start, SESSION)
    assert StartState.unseal(start.seal(NEW, NOW, NONCE), [NEW], NOW) == start
    assert PendingState.unseal(pending.seal(NEW, NOW, NONCE).encode(), [NEW], NOW) == pending
    assert FinishState.unseal(finish.seal(NEW, NOW, NONCE), [NEW], NOW, HOST) == finish


def test_no_step_reads_anothers() -> None:
    """A start text cannot be used as the ticket into the application, nor the other way round."""
    start, pending, finish = START.seal(NEW, NOW, NONCE), PENDING.seal(NEW, NOW, NONCE).encode(), FINISH.seal(NEW, NOW, NONCE)
    again = START.seal(NEW, NOW, NONCE, "again")
    for text in (start, pending, again):
        with pytest.raises(IdentityError):
            FinishState.recall(text, [NEW], HOST)
    for text in (pending, finish, again):
        with pytest.raises(IdentityError):
            StartState.recall(text, [NEW])
    for text in (start, finish, again):
        with pytest.raises(IdentityError):
            PendingState.recall(text, [NEW])
    with pytest.raises(IdentityError):
        FinishState.recall(finish, [NEW], "crm.example.com")


def test_they_do_not_last() -> None:
    """Four hours to sign in, one minute for the last step; where the user wanted to go is known for longer."""
    late = NOW + START_LIFETIME
    start, pending, finish = START.seal(NEW, NOW, NONCE), PENDING.seal(NEW, NOW, NONCE).encode(), FINISH.seal(NEW, NOW, NONCE)
    with pytest.raises(IdentityError):
        StartState.unseal(start, [NEW], late)
    with pytest.raises(IdentityError):
        PendingState.unseal(pending, [NEW], late)
    with pytest.raises(IdentityError):
        FinishState.unseal(finish, [NEW], NOW + FINISH_LIFETIME, HOST)
    assert StartState.recall(start, [NEW]) == START
    assert PendingState.recall(pending, [NEW]) == PENDING
    assert FinishState.recall(finish, [NEW], HOST) == FINISH


def test_the_verifier_belongs_to_browser_and_sign_in() -> None:
    """Another browser, or another sign-in of this one, has another PKCE verifier; its form is that of RFC 7636."""
    made = {verifier_of(SECRET, "nonce"), verifier_of(SECRET, "other"), verifier_of(mint(b"x" * 16), "nonce")}
    assert len(made) == 3
    assert {len(each) for each in made} == {43}
    assert verifier_of(SECRET, "nonce") in made


def test_the_longest_way_back_fits() -> None:
    """The longest target that is kept fits into the URLs that carry it."""
    start = StartState("a" * 16, "h" * 100, "/" + "x" * (MAX_TARGET - 1), binding(SECRET), 1)
    assert len(PendingState(start, "p" * 16, "n" * 22, "b" * 43).seal(NEW, NOW, NONCE)) < MAX_STATE
    assert len(FinishState("u" * 32, start, SESSION).seal(NEW, NOW, NONCE)) < 8000 - 3500
