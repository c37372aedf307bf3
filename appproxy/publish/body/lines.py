"""Text that is read line by line while it comes: events, and JSON with one value a line. No complete line ever waits.

Both are UTF-8 whatever their fields say (HTML section 9.2.5, RFC 8259 section 8.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.publish.body.links import Links
from appproxy.publish.body.script import script_translator
from appproxy.publish.body.spans import Spans
from appproxy.publish.body.translator import STEP, Holding, Sparing, slices
from appproxy.regex import compiled

_MARK = b"\xef\xbb\xbf"
_DATA = b"data:"
#: Complete lines of data, and empty ones; complete other lines; the rest of a line with its end as group 1.
_DATA_LINES = compiled(rb"(?:data(?=[:\r\n])[^\r\n]*+[\r\n]++|[\r\n]++)*+")
_OTHER_LINES = compiled(rb"(?:(?!data[:\r\n])[^\r\n]++[\r\n]++)*+")
_LINE = compiled(rb"[^\r\n]*+([\r\n]++)?+")


class Lines:
    """Translates such a text through `inner`, which holds nothing of a line that is complete."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Holding) -> None:
        self._inner = Sparing(inner, lines=True)

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known, at least all lines that are complete."""
        return self._inner.feed(data)

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The same, step by step."""
        for piece in slices(data, STEP):
            yield len(piece), self.feed(piece)

    def finish(self) -> bytes:
        """The text is over."""
        return self._inner.finish()


class EventsTranslator:
    """Translates the data of `text/event-stream` (HTML section 9.2.6), whatever it is, as a script.

    Names of events are compared by the page, and the application gets ids back in `Last-Event-ID`: both stay.
    """

    __slots__ = ("_begun", "_data", "_held", "_inner")

    def __init__(self, links: Links) -> None:
        self._inner: Spans = script_translator(links)
        #: Less than the name of a field, or than a byte order mark.
        self._held = b""
        self._begun = False
        #: Are we inside of a line of data (True), of another one, or at the beginning of a line (None)?
        self._data: bool | None = None

    @property
    def held(self) -> int:
        """Bytes that wait for those that follow them."""
        return len(self._held) + self._inner.held

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known."""
        text = self._held + data
        self._held = b""
        out: list[bytes] = []
        place = 0
        if not self._begun:
            if len(text) < len(_MARK) and _MARK.startswith(text):
                self._held = text
                return b""
            self._begun = True
            if text.startswith(_MARK):
                out.append(_MARK)
                place = len(_MARK)
        while place < len(text):
            place = self._in_line(text, place, out) if self._data is not None else self._at_line(text, place, out)
        return b"".join(out)

    def finish(self) -> bytes:
        """The stream is over; a line without an end is no line, but passes on."""
        held, self._held = self._held, b""
        return self._inner.feed(held) + self._inner.finish()

    def _at_line(self, text: bytes, place: int, out: list[bytes]) -> int:
        """Over the complete lines that are here, to the one that is cut; gives the place up to which all is read."""
        for lines, inner in ((_DATA_LINES, self._inner), (_OTHER_LINES, None)):
            found = lines.match(text, place)
            assert found is not None  # it may match nothing
            if found.end() > place:
                out.append(found[0] if inner is None else inner.feed(found[0]))
                place = found.end()
        line = _LINE.match(text, place)
        if place == len(text) or line is None or line.lastindex is not None:
            return place
        begins = text[place : place + len(_DATA)]
        if begins != _DATA and _DATA.startswith(begins):
            self._held = begins
            return len(text)
        self._data = begins == _DATA
        return place

    def _in_line(self, text: bytes, place: int, out: list[bytes]) -> int:
        found = _LINE.match(text, place)
        assert found is not None  # it may match nothing
        out.append(self._inner.feed(found[0]) if self._data else found[0])
        if found.lastindex is not None:
            self._data = None
        return found.end()
