"""What shows that a form came from a page of ours, in the very browser that was signed in.

Besides the Origin that the host checks, a form needs a hidden text, and a cookie that browsers send with no request of other
sites (SameSite=Strict). Both follow from the session, so that several tabs, and several nodes, agree; and neither can be made
without the service's key.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256

from appproxy.identity.sealing import Key

_COOKIE, _FIELD = b"console cookie", b"console form"


def cookie_name(port: int) -> str:
    """Browsers do not part cookies by port, so that the name has to."""
    return "__Host-appproxy-form" if port == 443 else f"__Host-appproxy-form-{port}"


def cookie_value(key: Key, session: str) -> str:
    """Of the cookie."""
    return _made(_COOKIE, key, session)


def field_value(key: Key, session: str) -> str:
    """Of the hidden field `proof`."""
    return _made(_FIELD, key, session)


def is_proved(keys: Iterable[Key], session: str, cookie: str, field: str) -> bool:
    """Do both belong to this session? Keys that were newest a while ago count, too."""
    return any([
        hmac.compare_digest(cookie_value(key, session).encode(), cookie.encode())
        & hmac.compare_digest(field_value(key, session).encode(), field.encode())
        for key in keys
    ])


def set_cookie(name: str, value: str) -> bytes:
    """The field line."""
    return f"set-cookie: {name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict\n".encode("ascii")


def _made(purpose: bytes, key: Key, session: str) -> str:
    digest = hmac.new(key.secret, purpose + b"\0" + session.encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
