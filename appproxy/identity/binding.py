"""Ties what is sealed for one browser to that browser: cookies with a random secret, each with a name of its own.

Tabs that open at the same moment are answered side by side, none of them with a cookie yet. With one name for all, the last
answer would replace the cookies of the others, and their sign-ins would fail. So the name ends in eight hex digits of the
secret's hash, and no answer ever replaces another one's cookie. What is sealed holds the whole hash.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from appproxy.identity.sealing import decode, encode

#: Random bytes of a secret: 128 bits, as for any token that is guessed online (RFC 6749 section 10.10).
SECRET_SIZE = 16
#: Cookies of one kind that a browser may have on one host. A window of 50 tabs that is restored at once needs 50; together
#: they are 3,500 bytes of a request's head.
MOST = 60

#: A cookie as the browser sends it: name and value.
Cookie = tuple[bytes, bytes]


def binding(secret: bytes) -> str:
    """The hash that goes into sealed texts: 43 characters. `secret` is the cookie's value as sent."""
    return encode(sha256(secret).digest()).decode("ascii")


def cookie_name(prefix: bytes, secret: bytes) -> bytes:
    """The name of the cookie that holds `secret`."""
    return prefix + b"-" + sha256(secret).hexdigest()[:8].encode("ascii")


def mint(random: bytes) -> bytes:
    """A secret made of `SECRET_SIZE` random bytes, as it is in the cookie."""
    return encode(random)


def is_secret(value: bytes) -> bool:
    """Has the value the form of a secret?"""
    try:
        return len(decode(value, 64)) == SECRET_SIZE
    except ValueError:
        return False


def secrets_of(cookies: Iterable[Cookie], prefix: bytes) -> list[bytes]:
    """The secrets among a request's cookies, the oldest first, as browsers send them. Misnamed ones do not count."""
    return [value for name, value in cookies
            if name.startswith(prefix) and is_secret(value) and name == cookie_name(prefix, value)]


def find(bound_to: str, secrets: Iterable[bytes]) -> bytes | None:
    """The secret that a sealed text is bound to, if this browser has it; compares in constant time."""
    for secret in secrets:
        if hmac.compare_digest(binding(secret).encode(), bound_to.encode()):
            return secret
    return None


def surplus(cookies: Iterable[Cookie], prefix: bytes, most: int = MOST) -> Sequence[bytes]:
    """The names to delete, the oldest, so that with one new cookie there are at most `most`."""
    names = [name for name, _ in cookies if name.startswith(prefix + b"-")]
    return names[: max(len(names) - most + 1, 0)]
