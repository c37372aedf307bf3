"""The text of a service token: what a program sends to be let in, and what is kept of it.

`apst_`, the token's id (16 hex digits), `_` and the secret: 32 random bytes in base64url. Scanners for leaked secrets find it
by how it begins.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

PREFIX = "apst_"
#: Cannot be guessed, so its plain hash may be kept, and need not be compared in constant time.
SECRET_BYTES = 32
_TOKEN = re.compile(rb"apst_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


def token_text(id: str, secret: bytes) -> str:
    """The whole token, as it is shown once."""
    return f"{PREFIX}{id}_{urlsafe_b64encode(secret).decode('ascii').rstrip('=')}"


def read_token(text: bytes) -> tuple[str, str] | None:
    """The id, and the hash of the secret; None for what is no service token."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else (found[1].decode("ascii"), sha256(found[2]).hexdigest())


def secret_hash(text: str) -> str:
    """What the store keeps of a token that was made."""
    found = read_token(text.encode("ascii"))
    if found is None:
        raise ValueError("no service token")
    return found[1]
