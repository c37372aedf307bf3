"""A session as values."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

from appproxy.store.people.session.record import (
    Refreshed,
    RefreshLease,
    SessionTokens,
    SignInResult,
)

CANARY = "canary"
RESULT = SignInResult(
    id="s", provider="corp", subject="ann", issuer="https://i", name="Ann", sid="", application="wiki", expires=9.0,
    address="", client="", auth_time=1.0, amr=(), acr="", claims={"secret": CANARY}, id_token=CANARY, refresh_token=CANARY)
KNOWN = Refreshed("s", "Ann", 1.0, (), "", 0.0, {"secret": CANARY})
LEASE = RefreshLease("corp", "ann", "https://i", 2.0, 9.0, KNOWN, CANARY)


def test_tokens_and_claims_are_in_no_message() -> None:
    """Whatever of a session is printed, as in a traceback, opens nothing and says nothing of its user."""
    for one in (RESULT, KNOWN, LEASE, SessionTokens(CANARY, CANARY)):
        assert CANARY not in repr(one)
    shown = {one.name for one in fields(SignInResult) if one.repr}
    assert shown.isdisjoint({"claims", "id_token", "refresh_token"}) and {"id", "subject"} <= shown


def test_they_are_values() -> None:
    """Two of the same are the same, so that a test or a memo can compare them."""
    assert replace(RESULT) == RESULT and replace(RESULT, sid="x") != RESULT


def test_no_database_is_loaded_for_them() -> None:
    """A site that uses sign-in as a library has none."""
    check = "import sys, appproxy.store.people.session.record; print('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "False\n"
