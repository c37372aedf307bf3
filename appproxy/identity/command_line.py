"""Access tokens of command lines: a session at the administration, sealed, for that host alone.

They are no provider's: a published application that is shown one asks nobody about it, and takes it for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from appproxy.errors import Code, IdentityError
from appproxy.identity.cookie import CookiePlace, open_session, seal_session
from appproxy.identity.sealing import Key
from appproxy.identity.session import Session

#: Scanners for leaked secrets find one by how it begins.
PREFIX = b"apcl_"
#: What a session's `credential` is called that came with one.
COMMAND_LINE = "command-line"
#: Seconds that one lasts: a session that ends is out at once all the same.
LIFETIME = 600.0
#: In the place of a cookie's name, which none can have.
_NAME = b"command line"


def token_text(session: Session, application: str, host: str, key: Key, nonce: bytes) -> str:
    """A token for the administration (`application`: its id) at `host`, which lasts as long as the session says.

    Raises IdentityError(COOKIE_TOO_LARGE) for a session with very many groups.
    """
    sealed = seal_session(session, key, CookiePlace(application, host, "/", _NAME), nonce)
    return (PREFIX + sealed).decode("ascii")


def is_token(credential: bytes) -> bool:
    """Is it meant to be one?"""
    return credential.startswith(PREFIX)


def open_token(credential: bytes, application: str, host: str, keys: Iterable[Key], now: float) -> Session:
    """The session of a token. Raises IdentityError(SIGN_IN_REQUIRED) for one that is none, or for somewhere else, or over."""
    if not is_token(credential):
        raise IdentityError(Code.SIGN_IN_REQUIRED, "no token of a command line")
    try:
        session = open_session(credential[len(PREFIX):], keys, CookiePlace(application, host, "/", _NAME), now)
    except IdentityError as error:
        raise IdentityError(Code.SIGN_IN_REQUIRED, "the token of a command line has ended, or is none for here") from error
    return replace(session, credential=COMMAND_LINE)
