"""Translating text in which URLs are found by one expression: style sheets and scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appproxy.publish.body.translator import LONGEST

#: Bytes before a token that its expression may look at: `-webkit-image-s`.
_BEFORE = 16
#: Groups that may go on behind the end of what is there.
_URLS = ("url", "string")


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a kind of text is read.

    `token` finds what must be read as one; its group `url` is a URL up to its query, its group `cut` a token that may go on
    behind the end of what is there. `rest`: for a token that is too long to wait for, by its first byte (b"" for all
    others), what still belongs to it; its group matches at the end. `change` gives what becomes of a token: a span and
    other bytes, or None.

    `inner` is how the text is read behind a token of the group `open`, until as many of the group `close` have come. There
    each token of the group `url` opens a bracket, too, and one of the group `string` is a URL if no other bracket is open.
    """

    token: re.Pattern[bytes]
    rest: Mapping[bytes, re.Pattern[bytes]]
    change: Callable[[re.Match[bytes]], tuple[int, int, bytes] | None]
    inner: Grammar | None = None


class Spans:
    """A translator of such a text. It holds at most `LONGEST` bytes back."""

    __slots__ = ("_before", "_depth", "_grammar", "_held", "_outer", "_rest")

    def __init__(self, grammar: Grammar) -> None:
        self._outer = self._grammar = grammar
        #: Brackets that are open since the text is read by the inner grammar.
        self._depth = 0
        self._held = b""
        #: The last bytes before what is held: some tokens must not follow others.
        self._before = b""
        self._rest: re.Pattern[bytes] | None = None

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them."""
        return len(self._held)

    def translate(self, text: bytes) -> bytes:
        """Translate a complete text."""
        return self._run(text, last=True)

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known."""
        return self._run(self._held + data, last=False)

    def finish(self) -> bytes:
        """The text is over."""
        return self._run(self._held, last=True)

    def _run(self, data: bytes, last: bool) -> bytes:
        text = self._before + data
        first = done = len(self._before)
        place, end = self._over_rest(text, first)
        out: list[bytes] = []
        search, change = self._grammar.token.search, self._grammar.change
        while place < end and (found := search(text, place)) is not None:
            start, after = found.span()
            kind = found.lastgroup
            if not last and (kind == "cut" or (after == len(text) and kind in _URLS)):
                if after - start <= LONGEST:
                    end = start
                    break
                rests = self._grammar.rest
                self._rest = rests.get(text[start : start + 1]) or rests[b""]
                place, end = self._over_rest(text, start + 1)
                continue
            if (
                (kind == "url" or (kind == "string" and self._depth == 1))
                and after - start <= LONGEST and (public := change(found)) is not None
            ):
                out += (text[done : public[0]], public[2])
                done = public[1]
            if self._depth or kind == "open":
                search = self._nest(kind).token.search
            place = max(after, start + 1)
        out.append(text[done:end])
        self._held = text[end:]
        if end > first:
            self._before = text[max(0, end - _BEFORE) : end]
        return b"".join(out)

    def _nest(self, kind: str | None) -> Grammar:
        """How the text is read behind this token."""
        if kind == "close":
            self._depth -= 1
        elif kind == "open" or kind == "url":
            self._depth += 1
        inner = self._outer.inner
        self._grammar = self._outer if inner is None or not self._depth else inner
        return self._grammar

    def _over_rest(self, text: bytes, start: int) -> tuple[int, int]:
        """Behind the token that was too long to wait for, and the end of what may go; half of its end may not."""
        if self._rest is None:
            return start, len(text)
        found = self._rest.match(text, start)
        assert found is not None  # it may match nothing
        if found.lastindex is None:
            return len(text), found.end()
        self._rest = None
        return found.end(), len(text)
