"""Regular expressions that mean the same in every Python that we run on.

Before CPython 3.11.5 a possessive group does not match nothing where its inside was tried and failed (python/cpython#106052),
so that `h(?:(?:a|b)=)?+t` does not find `ht`. There such a group is written as an atomic one around a greedy one, which means
the same and needs more memory; elsewhere nothing is changed.
"""

from __future__ import annotations

import re
from typing import AnyStr

#: Has this Python that fault?
FAULTY = re.match(r"h(?:(?:(?<=h)ref|(?<=s)rc)=)?+ttp", "http") is None
#: An escaped character, a set, where a group begins, and where one ends, with its possessive quantifier if it has one.
_PART = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\(|\)(?:([?*+]|\{[0-9,]+\})\+)?", re.DOTALL)


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile` for a pattern with possessive groups. Raises re.PatternError as that does."""
    if not FAULTY:
        return re.compile(pattern, flags)
    text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
    rewritten = with_atomic_groups(text)
    return re.compile(rewritten if isinstance(pattern, str) else rewritten.encode("latin-1"), flags)


def with_atomic_groups(pattern: str) -> str:
    """The same pattern with `(?>(...)*)` for `(...)*+`, and so for each possessive quantifier of a group."""
    out: list[str] = []
    #: Where in `out` the groups begin that are open.
    begins: list[int] = []
    done = 0
    for found in _PART.finditer(pattern):
        out.append(pattern[done : found.start()])
        done = found.end()
        part = found[0]
        if part == "(":
            begins.append(len(out))
        elif part[0] == ")":
            begin = begins.pop()
            if found[1] is not None:
                out[begin] = "(?>" + out[begin]
                part = f"){found[1]})"
        out.append(part)
    return "".join(out) + pattern[done:]
