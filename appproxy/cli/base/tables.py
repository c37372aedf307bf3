"""Listings for people: a table where it fits, else a block of lines for each row. What may be copied is never broken."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

#: Between two columns.
_GAP = "  "
#: Columns that a text needs at least to be readable when it is wrapped.
_NARROWEST = 24


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal: East Asian wide letters two, combining marks none (UAX 11)."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )  # fmt: skip


def lines_of(titles: Sequence[str], rows: Sequence[Sequence[str]], columns: int, wraps: bool = False) -> Iterator[str]:
    """The lines of a listing on a terminal of so many columns, the titles first; `wraps`: the last column is prose."""
    rows = [[_one_line(text) for text in row] for row in rows]
    widths = [max(width_of(row[place]) for row in (titles, *rows)) for place in range(len(titles))]
    indent = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    if indent + widths[-1] <= columns:
        for row in (titles, *rows):
            yield _aligned(row, widths)
    elif wraps and columns - indent >= _NARROWEST:
        yield _aligned(titles, widths)
        for row in rows:
            first, *more = _wrapped(row[-1], columns - indent)
            yield _aligned((*row[:-1], first), widths)
            yield from (" " * indent + line for line in more)
    else:
        yield from _blocks(titles, rows)


def _blocks(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each row by itself, a line a field; what is empty is left out."""
    width = max(map(width_of, titles))
    for number, row in enumerate(rows):
        if number:
            yield ""
        for title, text in zip(titles, row, strict=True):
            if text:
                yield f"{title:<{width}}{_GAP}{text}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (text + " " * (width - width_of(text)) for text, width in zip(row, widths, strict=True))
    return _GAP.join(cells).rstrip()


def _wrapped(text: str, columns: int) -> list[str]:
    # Neither a long word nor one with hyphens is broken: it may be a URL or an option.
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False) or [""]


def _one_line(text: str) -> str:
    """A control character would move the terminal's cursor, or worse."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
