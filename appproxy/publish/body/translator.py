"""What all translators of bodies have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

#: The longest tag, string or other token in which URLs are looked for, in bytes; a longer one passes as it is. It is also
#: what a translator holds back at most.
LONGEST = 16 * 1024
#: Bytes that are looked at in one step: tags of five bytes, the dearest there are, take some 3 ms.
STEP = 4 * 1024
#: How often a byte that is held back may be looked at again, on average, and bytes that may be beyond that.
_AGAIN = 16
_AGAIN_MORE = 256 * 1024


class Translator(Protocol):
    """Takes a body piece by piece. Everything that `feed` and `finish` give, joined, is the body as users get it."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known of the answer."""
        ...

    def finish(self) -> bytes:
        """The body is over: give the rest. Nothing may follow."""
        ...


class Holding(Translator, Protocol):
    """One that tells how much it holds back."""

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them: they are looked at again then."""
        ...


class Stepwise(Translator, Protocol):
    """One that tells where it can rest: a small piece of a compressed body may be a large piece of work."""

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """What `feed` gives, step by step: how many bytes were looked at, and what is known then.

        Until it is exhausted nothing else may be fed. Raises as `feed` does.
        """
        ...


def slices(data: bytes, size: int) -> Iterator[bytes]:
    """The data in pieces of at most `size` bytes."""
    if len(data) <= size:
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]


class Sparing:
    """Gives a translator its pieces, in larger ones where what it holds would be looked at again with each byte that comes.

    Otherwise a tag of `LONGEST` bytes that arrives byte by byte would take the square of its length. A body whose tokens
    arrive in a few pieces never waits. `lines`: nor does the end of a line, where every token ends.
    """

    __slots__ = ("_credit", "_inner", "_lines", "_pieces", "_size")

    def __init__(self, inner: Holding, *, lines: bool = False) -> None:
        self._inner = inner
        self._lines = lines
        self._credit = _AGAIN_MORE
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known."""
        held = self._inner.held
        if held:
            self._credit = min(self._credit + _AGAIN * len(data), _AGAIN_MORE)
            waits = self._credit < held and self._size + len(data) < held // 8
            if waits and not (self._lines and (b"\n" in data or b"\r" in data)):
                self._pieces.append(data)
                self._size += len(data)
                return b""
            self._credit -= held
        if self._pieces:
            data = b"".join([*self._pieces, data])
            self._pieces.clear()
            self._size = 0
        return self._inner.feed(data)

    def finish(self) -> bytes:
        """The body is over."""
        rest = b"".join(self._pieces)
        return (self._inner.feed(rest) if rest else b"") + self._inner.finish()


class Untouched:
    """Changes nothing."""

    held = 0

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""
