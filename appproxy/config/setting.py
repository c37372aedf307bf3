"""Settings as fields of frozen dataclasses: one place says key, default, unit, meaning and what is allowed.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Limits:
        queue: int = setting(1000, whole(1, 100_000), "Requests that wait.", "requests")

From it come the reader of the TOML file, the file that `init` writes, and the page docs/settings.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from appproxy.config.values import Reader
from appproxy.errors import ConfigError

T = TypeVar("T")

_MARK = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `key` is `name` or `table.name`; `default` is MISSING when one must be given.

    `default_text` says in words what the default is where it follows from other settings.
    """

    key: str
    read: Reader
    default: object
    meaning: str
    unit: str
    default_text: str


def needed(read: Reader, meaning: str, unit: str = "", *, secret: bool = False) -> Any:
    """A field that the file must have."""
    return field(repr=not secret, metadata={_MARK: (read, meaning, unit, "")})


def setting(
    default: object, read: Reader, meaning: str, unit: str = "", *, default_text: str = "", secret: bool = False
) -> Any:
    """A field with a default; a `secret` one is not shown by repr."""
    return field(default=default, repr=not secret, metadata={_MARK: (read, meaning, unit, default_text)})


def table(kind: type[T]) -> T:
    """A field that is a TOML table of its own, with all its defaults."""
    found: T = field(default_factory=kind, metadata={_MARK: kind})
    return found


def settings_of(kind: type[Any], prefix: str = "") -> tuple[Setting, ...]:
    """All settings of such a class, tables included, in their order: first the plain ones, as TOML wants it."""
    plain: list[Setting] = []
    nested: list[Setting] = []
    for one in fields(kind):
        mark = one.metadata.get(_MARK)
        if isinstance(mark, type):
            nested.extend(settings_of(mark, f"{prefix}{one.name}."))
        elif mark is not None:
            read, meaning, unit, default_text = mark
            plain.append(Setting(prefix + one.name, read, one.default, meaning, unit, default_text))
    return (*plain, *nested)


def load(kind: type[T], text: str, where: str) -> T:
    """Read a TOML text into such a class.

    `where` is the file's name. Every error is a ConfigError `WHERE: KEY: what is needed`.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: this is not TOML: {error}") from error
    try:
        return _build(kind, found, "", [one.key for one in settings_of(kind)])
    except ConfigError as error:
        raise error.at(where) from None


def _build(kind: type[T], found: Mapping[str, object], prefix: str, known: Sequence[str]) -> T:
    marks = {one.name: one for one in fields(kind) if _MARK in one.metadata}  # type: ignore[arg-type]
    for name in found:
        if name not in marks:
            raise ConfigError(f"{prefix}{name}: there is no such setting", hint=_nearest(prefix + name, known))
    values: dict[str, Any] = {}
    for name, one in marks.items():
        mark = one.metadata[_MARK]
        if name not in found:
            if one.default is MISSING and one.default_factory is MISSING:
                raise ConfigError(f"{prefix}{name}: is needed and missing")
        elif isinstance(mark, type):
            values[name] = _build(mark, _as_table(found[name], prefix + name), f"{prefix}{name}.", known)
        else:
            values[name] = _read(mark[0], found[name], prefix + name)
    return kind(**values)


def _read(read: Reader, value: object, key: str) -> object:
    try:
        return read(value)
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from error


def _as_table(value: object, key: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"{key}: a table is needed: [{key}]")
    return value


def _nearest(key: str, known: Sequence[str]) -> str:
    """`did you mean X?`, or nothing when no key is like it. A key that is in the wrong table is found too."""
    names = {one: one for one in known} | {one.rpartition(".")[2]: one for one in reversed(known)}
    for wanted in (key, key.rpartition(".")[2]):
        near = get_close_matches(wanted, names, 1, 0.8)
        near = near or [one for one in names if one.startswith(wanted)] or get_close_matches(wanted, names, 1, 0.6)
        if near:
            return f"did you mean {names[near[0]]}?"
    return ""


def value_of(settings: object, key: str) -> object:
    """The value of a setting by its key."""
    found = settings
    for name in key.split("."):
        found = getattr(found, name)
    return found


def dump(settings: object, plain: object, heading: str) -> str:
    """The settings as TOML that explains itself: what equals the same setting of `plain` is there as a comment."""
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    table_name = ""
    for one in settings_of(type(settings)):
        found, _, name = one.key.rpartition(".")
        if found != table_name:
            table_name = found
            lines += ["", f"[{found}]"]
        value = value_of(settings, one.key)
        lines += ["", *(f"# {line}" for line in _explain(one))]
        same = one.default is not MISSING and value == value_of(plain, one.key)
        lines.append(f"{'#' if same else ''}{name} = {toml_text(value)}")
    return "\n".join(lines) + "\n"


def _explain(one: Setting) -> Iterator[str]:
    yield from one.meaning.splitlines()
    if one.unit:
        yield f"Unit: {one.unit}."
    if one.default_text:
        yield f"Default: {one.default_text}."


def toml_text(value: object) -> str:
    """A value as TOML writes it; None, which TOML lacks, is the empty text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_text, value))}]"
    written = "" if value is None else str(value)
    return '"' + "".join(_escape(sign) for sign in written) + '"'


def _escape(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"
