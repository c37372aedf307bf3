"""A row of the table of settings is a field of a dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from appproxy.publish.settings import kinds
from appproxy.publish.settings.setting import (
    Family,
    ValueKind,
    column,
    columns_of,
    families_of,
    family,
    setting,
    settings_of,
    written,
)

NUMBER: ValueKind[int | None] = written(int, lambda value: "" if value is None else str(value), "1", "2")


@dataclass(frozen=True, kw_only=True)
class Base:
    """With a row that has a name of its own on the wire."""

    size: int | None = setting(3, NUMBER, "sizes", "how large", "metres", wire="s", sparse=True)
    plain: str = "no row"


@dataclass(frozen=True, kw_only=True)
class Derived(Base):
    """With more."""

    strict: bool = setting(False, kinds.SWITCH, "sign-in", "how strict")
    least: int | None = setting(None, NUMBER, "sizes", "the least")
    name: str = field(default="", metadata=column("title", "what it is called"))
    words: tuple[str, ...] = family("word.", lambda key, text: (key, text), "words", "a word")


def test_rows_of_a_class() -> None:
    """Those of its bases first; a field without a mark is none."""
    size, strict, least = settings_of(Derived)
    assert [one.key for one in settings_of(Base)] == ["size"]
    assert (size.key, size.wire, size.sparse, size.unit, size.topic, size.default) == ("size", "s", True, "metres", "sizes", 3)
    assert (strict.key, strict.wire, strict.sparse, strict.unit) == ("strict", "strict", False, "")
    assert (least.default, Derived().size, Derived().words) == (None, 3, ())


def test_a_default_is_told_as_it_would_be_written() -> None:
    """In brackets; where only leaving it out says it, not at all."""
    size, strict, least = settings_of(Derived)
    assert [one.default_text for one in (size, strict, least)] == ["3", "no", ""]
    assert [one.explanation for one in (size, strict, least)] == ["how large (3)", "how strict (no)", "the least"]


def test_columns_and_families() -> None:
    """By the key that admins type."""
    assert columns_of(Derived) == {"title": "what it is called"} and columns_of(Base) == {}
    (words,) = families_of(Derived)
    assert isinstance(words, Family) and (words.field, words.start, words.topic, words.meaning) == ("words", "word.", "words",
        "a word")
    assert words.read("word.x", "y") == ("word.x", "y") and families_of(Base) == ()


def test_what_goes_to_connectors_as_it_is_written() -> None:
    """Is read there as an admin's text is; nothing but a text is."""
    assert NUMBER.to_json(7) == "7" and NUMBER.from_json("7") == 7
    for value in (7, None, ["7"]):
        with pytest.raises(ValueError, match="^a text is needed"):
            NUMBER.from_json(value)
