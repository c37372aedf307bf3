"""Authenticator apps: secrets, codes (TOTP, RFC 6238) and the picture by which an app learns its secret."""

from __future__ import annotations

import base64
import hmac
import re
from hashlib import sha256

import pyotp
import segno
from markupsafe import Markup

#: Seconds of one code (RFC 6238 section 5.2).
PERIOD = 30
#: Steps that a clock may be off, each way (section 5.2 recommends at most one for the time that typing takes).
WINDOW = 1
#: 160 bits, which RFC 4226 section 4 recommends for SHA-1; other hashes and lengths are ignored by widespread apps.
SECRET_SIZE = 20
_CODE = re.compile(r"[0-9]{6}")


def new_secret(random: bytes) -> str:
    """A secret in base32, made of `SECRET_SIZE` random bytes."""
    return base64.b32encode(random).decode("ascii")


def is_code(text: str) -> bool:
    """Could an app show this? Six ASCII digits."""
    return _CODE.fullmatch(text) is not None


def step_of(secret: str, code: str, now: float) -> int | None:
    """The step whose code this is, near `now` (seconds since 1970); None when it is wrong. The latest, if there are two."""
    app = pyotp.TOTP(secret)
    current = int(now // PERIOD)
    found = None
    for step in range(max(current - WINDOW, 0), current + WINDOW + 1):
        if hmac.compare_digest(app.generate_otp(step), code):
            found = step
    return found


def grouped(secret: str) -> str:
    """A secret as people type it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def app_uri(secret: str, user_name: str, issuer: str) -> str:
    """The `otpauth:` address that apps read, with the name that they show."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=issuer)


def qr_code(text: str) -> Markup:
    """The picture as SVG, for a page: black on white also where pages are dark, because many cameras read nothing else."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None))


def fingerprint(secret: str) -> str:
    """Names a secret and tells nothing of it."""
    return sha256(f"fingerprint {secret}".encode()).hexdigest()
