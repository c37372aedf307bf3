"""Text that is no markup up to a certain end: comments, CDATA, scripts, styles, titles (HTML section 13.2.5)."""

from __future__ import annotations

import re

from appproxy.publish.body.markup.grammar import CUT_TAG
from appproxy.publish.body.markup.table import RAW_TEXT
from appproxy.publish.body.translator import LONGEST, Holding, Untouched

#: What may be the beginning of an end is held back; no end is longer, but for `</textarea` and what follows the name.
_LONGEST_END = 16
_TAG_ENDS = re.compile(rb">")
#: In a script `<!--` hides end tags of scripts that begin after it, until `-->` (HTML section 13.2.5.15 and following).
_SCRIPT = re.compile(
    rb"(<!--)|(--(?=>))|(<[sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />]))|(</[sS][cC][rR][iI][pP][tT](?=[\t\n\f\r />]))")


def _end_tag(name: bytes) -> re.Pattern[bytes]:
    """Finds `</name`, in any case, where the name ends."""
    return re.compile(rb"</" + re.escape(name) + rb"(?=[\t\n\f\r />])", re.IGNORECASE)


#: What ends such an element, by its name.
END_TAGS = {name: _end_tag(name) for name in RAW_TEXT}


class RawText:
    """Looks for the end of such a text, in pieces; what is before it goes through `inner`."""

    __slots__ = ("_after", "_find", "inner", "opens")

    def __init__(self, find: re.Pattern[bytes], inner: Holding, *, after: bool) -> None:
        self._find = find
        #: Does the end itself belong to the text?
        self._after = after
        self.inner = inner
        #: The name of the start tag that ends here; b"": none does.
        self.opens = b""

    def end(self, text: bytes, start: int) -> tuple[int, bool]:
        """Where the text ends and True; or up to where it surely goes on, and False."""
        found = self._find.search(text, start)
        if found is not None:
            return (found.end() if self._after else found.start()), True
        return max(start, len(text) - _LONGEST_END), False


class Script(RawText):
    """The text of a script: a comment in it may hide a script with its end tag."""

    __slots__ = ("_hidden",)

    def __init__(self, inner: Holding) -> None:
        super().__init__(_SCRIPT, inner, after=False)
        #: 0: plain; 1: behind `<!--`; 2: in a script behind that.
        self._hidden = 0

    def end(self, text: bytes, start: int) -> tuple[int, bool]:
        """Where the script ends and True; or up to where it surely goes on, and False."""
        place = start
        sure = max(start, len(text) - _LONGEST_END)
        while (found := _SCRIPT.search(text, place)) is not None:
            kind = found.lastindex
            if kind == 4 and self._hidden < 2:
                return found.start(), True
            self._hidden = _HIDDEN.get((self._hidden, kind or 0), self._hidden)
            # The dashes of `<!-->` open and close; what was read once must not be read again.
            place = found.end() - 2 if kind == 1 else found.end()
            sure = max(sure, place)
        return sure, False


#: Where `<!--`, `-->`, `<script` and `</script` (1 to 4) lead from where.
_HIDDEN = {(0, 1): 1, (1, 2): 0, (2, 2): 0, (1, 3): 2, (2, 4): 1}


class LongTag(RawText):
    """What is left of a tag that is too long to be looked at, from behind its name; a `>` in quotes is no end."""

    __slots__ = ("_quote",)

    def __init__(self, name: bytes) -> None:
        super().__init__(_TAG_ENDS, Untouched(), after=True)
        self.opens = name
        self._quote = b""

    def end(self, text: bytes, start: int) -> tuple[int, bool]:
        """Where the tag ends and True; or up to where it surely goes on, and False."""
        place = start
        while True:
            if self._quote:
                place = text.find(self._quote, place) + 1
                if not place:
                    return len(text), False
            found = CUT_TAG.match(text, place)
            assert found is not None  # it may match nothing
            place = found.end()
            self._quote = found[1] or b""
            if not self._quote:
                break
        if text[place : place + 1] == b">":
            return place + 1, True
        # A name or a value without quotes is cut: wait for its end, if it is one at all.
        return (place if len(text) - place <= LONGEST else len(text)), False
