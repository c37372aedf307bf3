"""What differs between the configuration that is there and a document: pure, and exact to the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from appproxy.admin.configuration.fields import is_reference
from appproxy.admin.configuration.renames import Renames, renamed, renames_of
from appproxy.admin.configuration.sections import (
    BRANDING,
    EXPIRES,
    ID,
    SECTIONS,
    UNSAID,
    Document,
    Entry,
    Field,
    FieldForm,
    Section,
    key_text,
    label,
)
from appproxy.errors import ConfigError
from appproxy.publish.settings.request_fields import HIDDEN, may_be_secret
from appproxy.store import names
from appproxy.store.snapshot import BUILTIN

#: What is there from the beginning, and stays.
_LASTING = {"connector_groups": "default", "providers": BUILTIN}


class What(Enum):
    """What is to be done to a thing."""

    ADD = "add"
    CHANGE = "change"
    RENAME = "rename"
    REMOVE = "remove"
    #: No entry is of it, and it ends by itself.
    END = "end"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; `before` and `after` are what JSON says, None for nothing."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `path`: of its entry in the document, "" where it has none."""

    what: What
    section: str
    name: str
    path: str = ""
    fields: tuple[FieldChange, ...] = ()
    before: Entry = field(default_factory=dict, repr=False)
    after: Entry = field(default_factory=dict, repr=False)

    def record(self) -> dict[str, object]:
        """As JSON says it."""
        return {
            "what": self.what.value, "section": self.section, "name": self.name, "path": self.path,
            "fields": [{"field": one.field, "before": one.before, "after": one.after} for one in self.fields],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes`: in the order of the sections, renames first; `only_here`: what no entry is of; `ending`: parts of things
    that no entry is of either, and that end by themselves."""

    changes: tuple[Difference, ...]
    only_here: tuple[Difference, ...]
    ending: tuple[Difference, ...]
    renames: Renames


def compare(there: Document, wanted: Document, *, tells_hidden: bool = True) -> Comparison:
    """`tells_hidden`: may whoever asks learn whether a hidden value is the one that they write? Else such a value always
    differs, as nobody may guess passwords by comparing.

    Both as `present.configuration` and `wanted.read_document` make them. Raises ConfigError: what cannot change differs."""
    renames = renames_of(there, wanted)
    now = renamed(there, renames)
    changes = [
        Difference(What.RENAME, section, new, path, (FieldChange("name", old, new),))
        for section, pairs in renames.items() for old, new, path in _with_paths(section, wanted, pairs)]
    only_here: list[Difference] = []
    ending: list[Difference] = []
    for name, section in SECTIONS.items():
        if name in wanted:
            found, rest = _compare_section(section, now[name], wanted[name], tells_hidden)
            changes += (one for one in found if one.what is not What.END)
            ending += (one for one in found if one.what is What.END)
            only_here += rest
    if BRANDING in wanted and (fields := tuple(_of_mappings("", now[BRANDING], wanted[BRANDING]))):
        changes.append(Difference(
            What.CHANGE, BRANDING, "", BRANDING, fields, before=now[BRANDING], after=wanted[BRANDING]))
    return Comparison(tuple(changes), tuple(only_here), tuple(ending), renames)


def _with_paths(section: str, wanted: Document, pairs: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    paths = {one["name"]: f"{section}[{number}]" for number, one in enumerate(wanted[section])}
    for old, new in pairs.items():
        yield old, new, paths[new]


def _compare_section(
    section: Section, there: Sequence[Entry], wanted: Sequence[Entry], tells_hidden: bool
) -> tuple[list[Difference], list[Difference]]:
    known = {names.key(label(section, one)): one for one in there}
    found: list[Difference] = []
    for number, after in enumerate(wanted):
        name, path = label(section, after), f"{section.name}[{number}]"
        before = known.pop(names.key(name), None)
        if before is None:
            found.append(Difference(What.ADD, section.name, name, path, after=after))
            continue
        fields = tuple(_fields(section.fields, before, after, tells_hidden))
        _check_fixed(section, fields, path)
        for what, those in ((What.CHANGE, tuple(one for one in fields if not _ends(one))),
                            (What.END, tuple(one for one in fields if _ends(one)))):
            if those:
                found.append(Difference(what, section.name, name, path, those, before, after))
    rest = [
        Difference(What.REMOVE, section.name, label(section, one), before=one) for one in known.values()
        if one.get("id") != _LASTING.get(section.name, "")]
    return found, rest


def _check_fixed(section: Section, fields: Sequence[FieldChange], path: str) -> None:
    for one in fields:
        known = section.by_name.get(one.field)
        if known is not None and known.fixed:
            raise ConfigError(f"{path}.{one.field}: is {one.before!r} and cannot be changed", hint="add another one instead")


def _ends(one: FieldChange) -> bool:
    """Is it there for a time, and nothing is said of it? What was given for a time is not taken away by leaving it out."""
    return one.after is None and isinstance(one.before, Mapping) and bool(one.before.get(EXPIRES))


def _fields(fields: Sequence[Field], before: Entry, after: Entry, tells_hidden: bool) -> Iterator[FieldChange]:
    for one in fields:
        old, new = before.get(one.name), after.get(one.name)
        unsaid = one.default is UNSAID and one.form is not FieldForm.PART and new is None
        if one.form is FieldForm.SECRET or unsaid or one is ID:
            continue
        if one.form is FieldForm.ENTRIES:
            yield from _entries(one, old or [], new or [])
        elif one.form is FieldForm.SETTINGS:
            yield from _of_settings(one.name, old or {}, new or {}, tells_hidden)
        elif one.form is FieldForm.PART:
            yield from _of_parts(one.name, old, new)
        elif old != new:
            yield FieldChange(one.name, old, new)


def _entries(of: Field, before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[FieldChange]:
    old, new = ({key_text(of.key, one): one for one in entries} for entries in (before, after))
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield FieldChange(f"{of.name}[{key}]", old.get(key), new.get(key))


def _of_settings(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], tells_hidden: bool
) -> Iterator[FieldChange]:
    """A reference is as good as whatever is there."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if is_reference(new) and key in before:
            continue
        hidden = may_be_secret(key)
        if old != new or (hidden and not tells_hidden):
            found = FieldChange(f"{name}.{key}", old, new)
            yield _masked(found) if hidden else found


def _masked(one: FieldChange) -> FieldChange:
    return FieldChange(one.field, *(None if value is None else HIDDEN for value in (one.before, one.after)))


def _of_mappings(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield FieldChange(f"{name}.{key}" if name else key, before.get(key), after.get(key))


def _of_parts(name: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _of_parts(f"{name}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield FieldChange(name, before, after)
