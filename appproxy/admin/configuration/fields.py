"""Reads the fields of a document, each by its form. Errors begin with the path to the field: `applications[3].cors[0]`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from appproxy.admin.configuration.sections import NEEDED, REFERENCES, UNSAID, Entry, Field, FieldForm
from appproxy.errors import ConfigError

#: Entries of one list, texts of one list, and members of all lists together: more are made by a mistake.
_MOST, _MOST_TEXTS, _MOST_IN_ALL = 20_000, 2_000, 200_000


def check_size(document: Mapping[Any, object]) -> None:
    """Raises ConfigError for a document whose lists, wherever they stand, have too many members together."""
    left = _MOST_IN_ALL
    waiting: list[object] = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list | tuple):
            left -= len(one)
            if left < 0:
                raise ConfigError(f"the lists of the document have more than {_MOST_IN_ALL} members together",
                                  hint="compare and apply a part of it")
            waiting += one
        elif isinstance(one, Mapping):
            waiting += one.values()


def entries_at(value: object, path: str, fields: Sequence[Field]) -> list[Entry]:
    """A list of entries, each with all of its fields but those that are left alone. Raises ConfigError."""
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{path}: a list is needed")
    if len(value) > _MOST:
        raise ConfigError(f"{path}: has more than {_MOST} entries")
    return [entry_at(one, f"{path}[{number}]", fields) for number, one in enumerate(value)]


def entry_at(value: object, path: str, fields: Sequence[Field]) -> Entry:
    """One entry. Raises ConfigError."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: an object with fields is needed", hint=f"it has {', '.join(one.name for one in fields)}")
    known_at(value, path, [one.name for one in fields])
    return {one.name: made for one in fields if (made := _field_at(value, path, one)) is not UNSAID}


def known_at(value: Mapping[Any, object], path: str, known: Iterable[str]) -> None:
    """Raises ConfigError for a field that there is not."""
    there = list(known)
    for name in value:
        if name not in there:
            near = get_close_matches(str(name), there, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(there)}"
            raise ConfigError(f"{path}.{name}: no such field" if path else f"{name}: no such section", hint=hint)


def _field_at(entry: Mapping[str, Any], path: str, field: Field) -> Any:
    value, where = entry.get(field.name), f"{path}.{field.name}"
    if value is None:
        if field.default is NEEDED and field.form is not FieldForm.SECRET:
            raise ConfigError(f"{where}: is needed", hint=f"{field.meaning}")
        return _copied(field.default)
    if field.form is FieldForm.ENTRIES:
        return entries_at(value, where, field.fields)
    if field.form is FieldForm.PART:
        return value
    return _CHECKS[field.form](value, where)


def _copied(default: Any) -> Any:
    if isinstance(default, Mapping):
        return dict(default)
    return list(default) if isinstance(default, tuple) else "" if default is NEEDED else default


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{path}: a text is needed", hint="write it in quotes")
    return value


def _flag(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{path}: true or false is needed")
    return value


def _whole(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{path}: a whole number is needed")
    return value


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{path}: a number is needed")
    return float(value)


def _texts(value: object, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ConfigError(f"{path}: a list of texts is needed")
    if len(value) > _MOST_TEXTS:
        raise ConfigError(f"{path}: has more than {_MOST_TEXTS} texts")
    if len(set(value)) != len(value):
        raise ConfigError(f"{path}: names one twice")
    return list(value)


def _settings(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: settings with their values are needed")
    return {_text(key, path): one if isinstance(one, str) else _secret(one, f"{path}.{key}") for key, one in value.items()}


def _secret(value: object, path: str) -> object:
    """A text, which commands put there for whoever applies a file, or a reference."""
    if isinstance(value, str) or is_reference(value):
        return value
    raise ConfigError(f"{path}: a text is needed, or {FieldForm.SECRET.value}")


def is_reference(value: object) -> bool:
    """Does it say where a secret is found?"""
    return (
        isinstance(value, Mapping) and len(value) == 1
        and all(key in REFERENCES and isinstance(text, str) and text for key, text in value.items()))


_CHECKS = {
    FieldForm.TEXT: _text, FieldForm.FLAG: _flag, FieldForm.WHOLE: _whole, FieldForm.NUMBER: _number, FieldForm.TEXTS: _texts,
    FieldForm.SETTINGS: _settings, FieldForm.SECRET: _secret,
}
