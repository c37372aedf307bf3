"""Access tokens of command lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code, IdentityError
from appproxy.identity.command_line import COMMAND_LINE, is_token, open_token, token_text
from appproxy.identity.cookie import CookiePlace, open_session, seal_session
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.identity.session import Session
from appproxy.store.snapshot import SealingKey

KEY, NONCE = SealingKey(1, bytes(range(32)), 0.0), bytes(NONCE_SIZE)
ANN = Session("s", "ann", "https://i", "builtin", "Ann", 1000.0, 1600.0, 990.0)


def text(session: Session = ANN) -> bytes:
    """A token for one place."""
    return token_text(session, "administration", "admin.example.com", KEY, NONCE).encode()


def opened(token: bytes, application: str = "administration", host: str = "admin.example.com", now: float = 1100.0) -> Session:
    """Shown there."""
    return open_token(token, application, host, [KEY], now)


def test_it_opens_where_it_is_for() -> None:
    """And says of itself what it is; scanners find it by its beginning."""
    assert text().startswith(b"apcl_") and is_token(text())
    assert opened(text()) == replace(ANN, credential=COMMAND_LINE)


@pytest.mark.parametrize(("token", "place"), [
    (text(), {"host": "wiki.example.com"}), (text(), {"application": "wiki"}), (text(), {"now": 1600.0}),
    (text()[5:], {}), (b"apcl_" + text(), {}), (b"apcl_", {}), (text()[:-1], {}), (b"", {}),
], ids=["host", "application", "over", "no prefix", "two prefixes", "prefix alone", "cut", "nothing"])
def test_anywhere_else_it_is_none(token: bytes, place: dict[str, object]) -> None:
    """Whoever shows it has to sign in."""
    with pytest.raises(IdentityError) as caught:
        opened(token, **place)  # type: ignore[arg-type]
    assert caught.value.code is Code.SIGN_IN_REQUIRED


def test_it_is_no_cookie_and_no_cookie_is_one() -> None:
    """The same session, sealed for a browser, opens nothing here, and the reverse."""
    place = CookiePlace("administration", "admin.example.com", "/", b"__Host-a")
    with pytest.raises(IdentityError):
        opened(b"apcl_" + seal_session(ANN, KEY, place, NONCE))
    with pytest.raises(IdentityError):
        open_session(text()[5:], [KEY], place, 1100.0)
