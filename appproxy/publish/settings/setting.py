"""What a row of the table of settings is: a field of a frozen dataclass that says all there is to know about it.

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ApplicationSettings(OriginSettings):
        max_body: int | None = setting(None, kinds.SIZE, "requests", "the largest upload")

From it come the checks and their errors, what the store keeps, `app keys`, what connectors are sent, and the page
docs/application-settings.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SETTING, _COLUMN, _FAMILY = "setting", "column", "family"


@dataclass(frozen=True, slots=True)
class ValueKind(Generic[T]):
    """How values are written.

    `parse` reads what an admin types, and raises ValueError that goes on after the value: `must be yes or no`. `text` writes a
    value so that `parse` reads the same one; "" where only leaving the setting out says it. `to_json` and `from_json` are for
    the message to connectors, whose service may be newer: `from_json` may take more than `parse` does, and raises ValueError
    that says what is needed. `examples` are two texts at least, of different values.
    """

    parse: Callable[[str], T]
    text: Callable[[T], str]
    to_json: Callable[[T], object]
    from_json: Callable[[object], T]
    examples: tuple[str, ...]


def written(parse: Callable[[str], T], text: Callable[[T], str], *examples: str) -> ValueKind[T]:
    """A kind whose values go to connectors as admins write them."""

    def from_json(value: object) -> T:
        if not isinstance(value, str):
            raise ValueError("a text is needed")
        return parse(value)

    return ValueKind(parse, text, text, from_json, examples)


@dataclass(frozen=True, slots=True)
class ApplicationSetting:
    """One row. `key` is what admins type and the name of the field; `topic` one of `TOPICS`.

    `wire` is its key in the message to connectors; a `sparse` one is left out there at its default.
    """

    key: str
    kind: ValueKind[Any]
    default: Any
    topic: str
    meaning: str
    unit: str
    wire: str
    sparse: bool

    @property
    def default_text(self) -> str:
        """The default as an admin would write it, or "" where that is to write nothing."""
        return "" if self.default is None and not self.kind.text(None) else self.kind.text(self.default)

    @property
    def explanation(self) -> str:
        """The meaning, and the default in brackets."""
        return f"{self.meaning} ({self.default_text})" if self.default_text else self.meaning


@dataclass(frozen=True, slots=True)
class Family:
    """Settings with a free name after `start`, such as `header.`, that make the field `field` together.

    `read` takes key and text and raises ConfigError.
    """

    field: str
    start: str
    read: Callable[[str, str], Any]
    topic: str
    meaning: str


def setting(
    default: Any, kind: ValueKind[Any], topic: str, meaning: str, unit: str = "", *, wire: str = "", sparse: bool = False,
) -> Any:
    """A field that is a row of the table."""
    return field(default=default, metadata={_SETTING: (kind, topic, meaning, unit, wire, sparse)})


def family(start: str, read: Callable[[str, str], Any], topic: str, meaning: str) -> Any:
    """A field that settings with a free name make."""
    return field(default=(), metadata={_FAMILY: (start, read, topic, meaning)})


def column(key: str, meaning: str) -> dict[str, tuple[str, str]]:
    """The metadata of a field that an admin sets by `key`, but that is a column of its own in the store."""
    return {_COLUMN: (key, meaning)}


def settings_of(kind: type[Any]) -> tuple[ApplicationSetting, ...]:
    """The rows of a class, those of its bases first."""
    found = []
    for one in fields(kind):
        if mark := one.metadata.get(_SETTING):
            how, topic, meaning, unit, wire, sparse = mark
            found.append(ApplicationSetting(one.name, how, one.default, topic, meaning, unit, wire or one.name, sparse))
    return tuple(found)


def families_of(kind: type[Any]) -> tuple[Family, ...]:
    """The families of a class."""
    return tuple(Family(one.name, *one.metadata[_FAMILY]) for one in fields(kind) if _FAMILY in one.metadata)


def columns_of(kind: type[Any]) -> dict[str, str]:
    """Keys and meanings of the columns."""
    return dict(one.metadata[_COLUMN] for one in fields(kind) if _COLUMN in one.metadata)
