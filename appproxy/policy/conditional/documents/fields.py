"""Documents read field by field: errors name the path to what is wrong, and say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import cast

from appproxy.errors import ConfigError

_DURATION = re.compile(r"([0-9]{1,6}) ?([smhd])")
_SIZE = re.compile(r"([0-9]{1,9}) ?([kMG])")
_BYTES = {"k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def wrong(path: str, message: str, hint: str = "") -> ConfigError:
    """The error of one field."""
    return ConfigError(f"{path}: {message}", hint=hint)


def table_at(value: object, path: str, known: Collection[str]) -> Mapping[str, object]:
    """A table (a JSON object) with none but these keys; None is an empty one. Raises ConfigError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(path, "a table is needed", f"it has {', '.join(known)}")
    for key in value:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}"
            raise wrong(f"{path}.{key}" if path else str(key), "there is no such field", hint)
    return cast("Mapping[str, object]", value)


def text_at(value: object, path: str, longest: int, *, empty: bool = False) -> str:
    """A printable text. Raises ConfigError."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > longest or not (value.strip() or empty):
        raise wrong(path, f"a text of {0 if empty else 1} to {longest} printable signs is needed")
    return value


def texts_at(value: object, path: str, most: int, longest: int = 600) -> list[str]:
    """A list of texts; none for None. Raises ConfigError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(path, "a list of texts is needed", f'write ["{value}"]' if isinstance(value, str) else "")
    if len(value) > most:
        raise wrong(path, f"{len(value)} entries are too many", f"{most} are possible")
    return [text_at(one, f"{path}[{number}]", longest) for number, one in enumerate(value)]


def flag_at(value: object, path: str, default: bool) -> bool:
    """True or false. Raises ConfigError."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise wrong(path, "true or false is needed")
    return value


def one_of(value: object, path: str, known: Collection[str]) -> str:
    """One of these texts. Raises ConfigError."""
    if value is None:
        raise wrong(path, "is needed", f"give one of {', '.join(known)}")
    if not isinstance(value, str) or value not in known:
        near = get_close_matches(str(value).lower(), known, 1)
        raise wrong(path, f"{value!r} is none of {', '.join(known)}", f"did you mean {near[0]}?" if near else "")
    return value


def bytes_at(value: object, path: str, least: int, default: float) -> float:
    """A size such as `500k`, `20M` or `2G`. Raises ConfigError."""
    if value is None:
        return default
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    size = int(found[1]) * _BYTES[found[2]] if found is not None else -1
    if size < least:
        raise wrong(path, f"a size of at least {least >> 10}k is needed", "write it as 500k, 20M or 2G")
    return float(size)


def seconds_at(value: object, path: str, least: float, default: float) -> float:
    """A duration such as `30m`, `8h` or `7d`. Raises ConfigError."""
    if value is None:
        return default
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = float(found[1]) * _SECONDS[found[2]] if found is not None else -1.0
    if seconds < least:
        raise wrong(path, f"a time of at least {least / 60.0:g} minutes is needed", "write it as 30m, 8h or 7d")
    return seconds
