"""What a browser says it runs on. Anybody can say anything here: a policy may ask for more by it, never for less alone."""

from __future__ import annotations

from functools import lru_cache

#: Marks in User-Agent (RFC 9110 section 10.1.5), in the order in which they count: most name others, too.
_MARKS = (
    (b"iphone", "ios"), (b"ipad", "ios"), (b"android", "android"), (b"windows", "windows"), (b"cros ", "chromeos"),
    (b"mac os", "macos"), (b"macintosh", "macos"), (b"linux", "linux"),
)
PLATFORMS = tuple(sorted({name for _, name in _MARKS}))
#: Bytes of a User-Agent that are looked at: more than browsers send.
_LOOKED_AT = 512


@lru_cache(maxsize=1024)
def platform_of(user_agent: bytes) -> str:
    """One of `PLATFORMS`, "" for anything else."""
    said = user_agent[:_LOOKED_AT].lower()
    return next((name for mark, name in _MARKS if mark in said), "")
