"""The body of a call: a JSON object whose fields are checked one by one, with errors that name the field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from appproxy.errors import ConfigError

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([smhdw]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Body:
    """The fields of one call. Reading gives the value in its type, or raises ConfigError."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, object], known: tuple[str, ...]) -> None:
        for key in fields:
            if key not in known:
                there = ", ".join(known) or "none"
                raise ConfigError(f"{key}: no such field here", hint=f"there is {there}")
        # A field that is null is as good as left out.
        self._fields = {key: value for key, value in fields.items() if value is not None}

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required unless there is a default."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise ConfigError(f"{key}: a text is needed")
        return value

    def optional(self, key: str) -> str | None:
        """A text, or None when it is left out."""
        return self.text(key) if key in self else None

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._value(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ConfigError(f"{key}: a list of texts is needed")
        return tuple(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise ConfigError(f"{key}: true or false is needed")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(f"{key}: a whole number is needed")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number, whole or not."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{key}: a number is needed")
        return float(value)

    def duration(self, key: str, default: float | None = None) -> float:
        """Seconds, as a number or as a text such as `90s`, `1h` or `7d`."""
        value = self._value(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
            return float(value)
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ConfigError(f"{key}: a time such as 90s, 30m, 1h or 7d is needed")
        return float(found[1]) * _UNITS[found[2]]

    def mapping(self, key: str) -> dict[str, str]:
        """An object whose values are texts; empty when it is left out."""
        value = self._value(key, {})
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            raise ConfigError(f"{key}: an object of texts is needed")
        return dict(value)

    def json(self, key: str) -> object:
        """Anything that JSON can say; what it means is for others to check."""
        return self._value(key, None)

    def _value(self, key: str, default: object) -> object:
        value = self._fields.get(key, default)
        if value is None:
            raise ConfigError(f"{key}: is needed")
        return value
