"""What all translators of bodies have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

#: The longest tag, string or other token in which URLs are looked for, in bytes; a longer one passes as it is. It is also
#: what a translator holds back at most.
LONGEST = 16 * 1024


class Translator(Protocol):
    """Takes a body piece by piece. Everything that `feed` and `finish` give, joined, is the body as users get it."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known of the answer."""
        ...

    def finish(self) -> bytes:
        """The body is over: give the rest. Nothing may follow."""
        ...


class Stepwise(Translator, Protocol):
    """One that tells where it can rest: a small piece of a compressed body may be a large piece of work."""

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """What `feed` gives, step by step: how many bytes were looked at, and what is known then.

        Until it is exhausted nothing else may be fed. Raises as `feed` does.
        """
        ...


class Untouched:
    """Changes nothing."""

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""
