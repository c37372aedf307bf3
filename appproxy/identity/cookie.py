"""The access cookie: one user's session with one application on one host, sealed.

Self-contained, so that no request needs the store. Its associated data are "access" and its `CookiePlace`: moved to
another application, host, path or name it does not open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from appproxy.device import ProvedDevice
from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import Key, seal_bytes, unseal_bytes
from appproxy.identity.session import Session

#: Every cookie of ours begins so, and no other does (`http.cookies.RESERVED`). `__Host-` (RFC 6265bis section 4.1.3.2):
#: a sibling sub-domain cannot set it.
COOKIE_PREFIX = b"__Host-appproxy"
#: The same of an access cookie that an admin wants without Secure: then browsers refuse the prefix.
BARE_PREFIX = COOKIE_PREFIX.removeprefix(b"__Host-")
#: Strict is not among them: a user who comes back from another site's sign-in page would arrive without the cookie,
#: and be sent there again, in a circle.
SAME_SITE = {"lax": b"Lax", "none": b"None"}
#: Binds one sign-in to a browser; set on the application's host. What follows is in `identity.binding`.
START_COOKIE = b"__Host-appproxy-start"
#: The same on the sign-in host, for all sign-ins and forms of the browser; perhaps `-PORT`, and then the same, follow.
BROWSER_COOKIE = COOKIE_PREFIX + b"-browser"
#: Says that a tab keeps the fragment of an address over a sign-in; on the sign-in host. Eight hex digits of that follow.
FRAGMENT_COOKIE = COOKIE_PREFIX + b"-fragment"
#: Which session the browser has with one provider, on the sign-in host; eight hex digits of the provider follow.
SIGNED_IN_COOKIE = b"__Host-appproxy-signed-in-"
#: Which of several providers the browser has chosen, on the sign-in host.
CHOICE_COOKIE = COOKIE_PREFIX + b"-choice"
#: Browsers keep 4,096 bytes of a cookie, name and attributes included; the rest is margin.
MAX_COOKIE = 3500

_PURPOSE = "access"
_STANDARD_PORT = 443


@dataclass(frozen=True, slots=True)
class CookiePlace:
    """Where an access cookie counts: at one application (its id), on one host, below one external path, under one name.

    `path` is the application's shortest one on the host, as `cookie_name` takes it.
    """

    application: str
    host: str
    path: str
    name: bytes

    @property
    def bound(self) -> tuple[str, ...]:
        """What the cookie's value is authenticated with."""
        return (self.application, self.host, self.path, self.name.decode("ascii"))


def name_on_port(name: bytes, port: int) -> bytes:
    """A cookie's name with `-PORT` when the public port is not 443: cookies ignore ports."""
    return name if port == _STANDARD_PORT else b"%b-%d" % (name, port)


def cookie_name(port: int, path: str = "/", *, secure: bool = True) -> bytes:
    """The access cookie's name. `path`: the shortest external one of the application on the host.

    Applications that share one host would overwrite each other's cookie, because a `__Host-` cookie always has
    `Path=/`: theirs end in eight hex digits made from the path. Browsers keep the prefix only with Secure.
    """
    name = name_on_port(COOKIE_PREFIX if secure else BARE_PREFIX, port)
    return name if path == "/" else name + _digits(path)


@lru_cache(maxsize=16_384)  # Hosts may have thousands of paths, and pages of ours ask for the names of all.
def _digits(path: str) -> bytes:
    return b"-" + sha256(path.encode()).hexdigest()[:8].encode()


def counting_names(path: str, port: int, *, secure: bool) -> tuple[bytes, ...]:
    """The names of `counting_places`."""
    name = cookie_name(port, path)
    return (name,) if secure else (name, cookie_name(port, path, secure=False))


def counting_places(application: str, host: str, path: str, port: int, *, secure: bool) -> tuple[CookiePlace, ...]:
    """Where an access cookie of the application (its id) counts on a host, the first that is good.

    The safe name always counts: users who signed in before an admin let go of Secure stay signed in. The other does only
    where it is wanted: siblings could have planted it.
    """
    return tuple(CookiePlace(application, host, path, name) for name in counting_names(path, port, secure=secure))


def set_cookie(
    name: bytes, value: bytes, max_age: int | None = None, *, secure: bool = True, http_only: bool = True,
    same_site: str = "lax",
) -> bytes:
    """A Set-Cookie value, by default with all guards on; without `max_age` the cookie ends with the browser session.

    `same_site`: a key of `SAME_SITE`.
    """
    age = b"" if max_age is None else b"; Max-Age=%d" % max_age
    guards = (b"; Secure" if secure else b"") + (b"; HttpOnly" if http_only else b"")
    return name + b"=" + value + b"; Path=/" + guards + b"; SameSite=" + SAME_SITE[same_site] + age


def clear_cookie(name: bytes) -> bytes:
    """A Set-Cookie value that deletes the cookie."""
    return set_cookie(name, b"", 0)


def to_payload(session: Session) -> dict[str, object]:
    """The session as a JSON object with short names; empty parts are left out."""
    payload: dict[str, object] = {
        "i": session.id, "p": session.provider, "s": session.subject, "o": session.issuer, "n": session.name,
        "t": session.issued, "e": session.expires, "a": session.auth_time,
    }
    parts = {
        "m": session.amr, "c": session.acr, "g": session.groups, "k": dict(session.claims), "d": session.seen,
        "r": session.refresh_at, "w": session.network, "x": None if session.device is None else session.device.payload(),
        "q": session.sign_in_risk,
    }
    payload.update({name: part for name, part in parts.items() if part})
    return payload


def from_payload(payload: Mapping[str, Any]) -> Session:
    """The session that `to_payload` wrote. Only for payloads that were sealed by us."""
    read = payload.get
    return Session(
        id=payload["i"], provider=payload["p"], subject=payload["s"], issuer=payload["o"], name=payload["n"],
        issued=payload["t"], expires=payload["e"], auth_time=payload["a"],
        amr=tuple(read("m", ())), acr=read("c", ""), groups=tuple(read("g", ())), claims=read("k", {}),
        seen=read("d", 0.0), refresh_at=read("r", 0.0), network=read("w", ""),
        sign_in_risk=read("q", ""),
        device=ProvedDevice.read(payload["x"]) if "x" in payload else None,
    )


def seal_session(session: Session, key: Key, place: CookiePlace, nonce: bytes) -> bytes:
    """The cookie's value. Raises IdentityError(COOKIE_TOO_LARGE) above 3,500 bytes."""
    plain = json.dumps(to_payload(session), separators=(",", ":"), ensure_ascii=False).encode()
    value = seal_bytes(_PURPOSE, plain, key, nonce, place.bound)
    if len(value) > MAX_COOKIE:
        raise IdentityError(
            Code.COOKIE_TOO_LARGE, f"{len(value)} bytes with {len(session.groups)} groups, {MAX_COOKIE} are possible"
        )
    return value


def open_session(value: bytes, keys: Iterable[Key], place: CookiePlace, now: float) -> Session:
    """The session in the value of the cookie `place.name`.

    Raises IdentityError(SIGN_IN_REQUIRED) when it is not ours, was made for another place, or has expired.
    """
    try:
        plain = unseal_bytes(_PURPOSE, value, keys, place.bound, MAX_COOKIE)
    except IdentityError as error:
        raise IdentityError(Code.SIGN_IN_REQUIRED, error.detail) from error
    session = from_payload(json.loads(plain))
    if session.expires <= now:
        raise IdentityError(Code.SIGN_IN_REQUIRED, "access cookie expired")
    return session
