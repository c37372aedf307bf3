"""JSON that came from outside, read at a bounded cost: every reader of such texts uses this and not `json.loads`."""

from __future__ import annotations

import json
import re
from typing import NoReturn

#: Arrays and objects inside of each other. Token claims, key sets and metadata have three or four; Python's own limit
#: depends on who calls, and what stays just below it fails later, when it is compared or written.
MOST_LEVELS = 32
#: One that does not end is all of the rest.
_STRINGS = re.compile(rb'"[^"\\]*+(?>(?:\\.[^"\\]*+)*)(?:"|\\?\Z)', re.DOTALL)
_OTHERS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_json(text: bytes, levels: int | None = MOST_LEVELS, *, unique: bool = False) -> object:
    """The value of a text in UTF-8 (RFC 8259). Raises ValueError for anything else.

    Refused are also `NaN` and `Infinity`, which are no JSON, and more than `levels` arrays and objects inside of each other
    (None: as many as Python can read); with `unique` an object that has a name twice, because readers disagree about which
    one counts.
    """
    if levels is not None and text.count(b"[") + text.count(b"{") > levels and _is_deeper(text, levels):
        raise ValueError(f"more than {levels} arrays and objects inside of each other")
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_once if unique else None, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _is_deeper(text: bytes, levels: int) -> bool:
    """Each round takes the innermost brackets away. Also true where brackets have no counterpart."""
    brackets = _STRINGS.sub(b"", text).translate(None, _OTHERS)
    for _ in range(levels):
        rest = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(rest) == len(brackets):
            break
        brackets = rest
    return bool(brackets)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("an object has a name twice")
    return read


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
