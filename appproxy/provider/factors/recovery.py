"""Recovery codes: ten texts that a user keeps on paper, each good for one sign-in."""

from __future__ import annotations

import base64
import re

#: So many at a time.
COUNT = 10
#: 80 random bits: nobody guesses one, however often they try.
CODE_SIZE = 10
_CODE = re.compile(r"[a-z2-7]{16}")
_BETWEEN = re.compile(r"[\s-]")


def new_codes(random: bytes) -> list[str]:
    """Codes as they are kept, made of `COUNT * CODE_SIZE` random bytes: 16 signs of base32."""
    parts = [random[start : start + CODE_SIZE] for start in range(0, COUNT * CODE_SIZE, CODE_SIZE)]
    return [base64.b32encode(part).decode("ascii").lower() for part in parts]


def shown(code: str) -> str:
    """A code as people read it: `abcd-efgh-ijkl-mnop`."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def read(typed: str) -> str | None:
    """A code as it is kept, however it was typed; None when it is none. Base32 has no 0 and no 1: they mean O and I."""
    if len(typed) > 64:
        return None
    text = _BETWEEN.sub("", typed).lower().replace("0", "o").replace("1", "i")
    return text if _CODE.fullmatch(text) else None
