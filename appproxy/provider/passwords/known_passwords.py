"""Passwords that guessers try first: NIST SP 800-63B section 3.1.1.2 wants new ones compared with such a list.

The list has those of eight characters and more among the 20,000 most frequent of the leaks that Royce Williams collected, as
Django ships them (BSD licence); in small letters, sorted, one a line.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib.resources import files

#: What people put behind a word to make it another one.
_TAIL = re.compile(r"[0-9!?.,;:*#$%&+_-]{1,8}\Z")


def is_known(password: str) -> bool:
    """Is it one of the list, or one of them with some digits or marks behind it? Capitals do not matter."""
    small = password.casefold()
    return small in _known() or _TAIL.sub("", small) in _known()


def is_made_of(password: str, word: str) -> bool:
    """Is it this word, such as the user's name, perhaps with some digits or marks behind it?"""
    small, word = password.casefold(), word.casefold()
    return bool(word) and word in (small, _TAIL.sub("", small))


@cache
def _known() -> frozenset[str]:
    packed = files("appproxy.provider.passwords").joinpath("known_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("ascii").splitlines())
