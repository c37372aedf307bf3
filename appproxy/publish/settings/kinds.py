"""How the values of settings are written: the kinds that several settings have, or could have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping

from appproxy.publish.settings.setting import ValueKind, written

_SWITCH = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,12}) ?([kmgt]?)(?:i?b)?")
#: A word without blanks, commas and quotes (RFC 9110 section 5.6.2), short enough for an error.
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
#: The value of a field: printable ASCII without blanks at its ends; more than this is no setting.
FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def is_no(text: str) -> bool:
    """Is it one of the words for no?"""
    return _SWITCH.get(text.lower()) is False


def is_yes(text: str) -> bool:
    """Is it one of the words for yes?"""
    return _SWITCH.get(text.lower()) is True


def _switch(text: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise ValueError("must be yes or no")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


SWITCH = ValueKind(_switch, lambda value: "yes" if value else "no", bool, _flag, ("yes", "no"))


def number(least: float, most: float, unit: str, names: Mapping[str, float] | None = None) -> ValueKind[float]:
    """A number of a unit, from `least` to `most`; `names` are words for some."""
    words = names or {}
    shown = f"{unit} (or {', or '.join(words)})" if words else unit

    def parse(text: str) -> float:
        try:
            value = words.get(text.lower()) or float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ValueError(f"must be a number of {shown} from {least:g} to {most:g}")
        return value

    examples = (plain_number(least), plain_number(most), *words)
    return ValueKind(parse, plain_number, float, lambda value: _positive(value, unit), examples)


def plain_number(value: float) -> str:
    """Without a fraction that is none: `85`, `0.5`."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _positive(value: object, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ValueError(f"a number of {unit} above 0 is needed")
    return float(value)


def count(most: int) -> ValueKind[int]:
    """None (0), or a number from 1."""

    def parse(text: str) -> int:
        if text.lower() == "none":
            return 0
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
            raise ValueError(f"must be none, or a number from 1 to {most}")
        return int(text)

    def from_json(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError("a whole number is needed")
        return value

    return ValueKind(parse, lambda value: str(value) if value else "none", int, from_json, ("none", "20", str(most)))


def choice(*words: str, needed: str = "") -> ValueKind[str]:
    """One of these words, in any capitals; `needed` is what an error says else."""
    listed = f"{', '.join(words[:-1])} or {words[-1]}"

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(needed or f"must be {listed}")
        return text.lower()

    def from_json(value: object) -> str:
        if a_text(value) not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return str(value)

    return ValueKind(parse, str, str, from_json, words)


def text(parse: Callable[[str], str], *examples: str, check: Callable[[str], str] = str) -> ValueKind[str]:
    """A text of a certain form; a connector takes what `check` lets pass, or any."""
    return ValueKind(parse, str, str, lambda value: check(a_text(value)), examples)


def a_text(value: object) -> str:
    """What has come from JSON as a text. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def texts(value: object, what: str) -> list[str]:
    """What has come from JSON as a list of ASCII texts. Raises ValueError, which calls them `what`."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each.isascii() for each in value):
        raise ValueError(f"a list of {what} is needed")
    return value


def names(
    parse: Callable[[str], frozenset[str]], what: str, *examples: str, small: bool = False
) -> ValueKind[frozenset[str]]:
    """Several words in any order; `small`: in lower case, also where a connector is sent others."""

    def from_json(value: object) -> frozenset[str]:
        return frozenset(each.lower() if small else each for each in texts(value, what))

    return ValueKind(parse, joined, sorted, from_json, examples)


def joined(values: Collection[str]) -> str:
    """With commas between, in one order; `none` for nothing."""
    return ",".join(sorted(values)) or "none"


def _max_body(text: str) -> int | None:
    if text.lower() == "none":
        return None
    found = _SIZE.fullmatch(text.lower())
    if not found:
        raise ValueError("must be none, or a size such as 500k, 20M or 2G")
    return int(found[1]) * _UNITS[found[2]]


def _size_text(value: int | None) -> str:
    if not value:
        return "none" if value is None else "0"
    unit = max((unit for unit, size in _UNITS.items() if value % size == 0), key=lambda unit: _UNITS[unit])
    return f"{value // _UNITS[unit]}{unit.upper() if unit != 'k' else unit}"


SIZE: ValueKind[int | None] = written(_max_body, _size_text, "none", "500k", "20M")
