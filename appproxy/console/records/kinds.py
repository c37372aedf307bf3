"""What there can be pages of: things with a list, a page of each, and what can be done to them, each by an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appproxy.admin.base.principal import Permission
from appproxy.admin.operations import OPERATIONS, Command, Query

Record = Mapping[str, Any]
#: In a path, for an empty name.
NAMELESS = "*"
#: In the order of their list, which says something.
LISTED = "listed"
_BY_CALL = {f"{one.method} {one.path}": one for one in OPERATIONS}


def command(called: str) -> Command:
    """The command of this method and path (`POST /clients`), as in the table of operations."""
    found = _BY_CALL[called]
    assert isinstance(found, Command)
    return found


def query(path: str) -> Query:
    """The query at a path of the table of operations."""
    found = _BY_CALL[f"GET {path}"]
    assert isinstance(found, Query)
    return found


def _always(record: Record) -> bool:
    return True


def _nothing(record: Record) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a record in the list; `is_wide`: left out on a phone."""

    field: str
    label: str
    is_wide: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done to one of them, by the command `called`. `word`: the last part of the page's path.

    `why`: what follows of it, said before. `done`: a key of `DONE`. `closes`: it shuts somebody out, so that it is done
    whatever has changed since the page was opened. `is_danger`: it is asked about first. `tells`: its answer is shown,
    which holds a secret, or a result. `leaves`: there is no page of the thing after it. `where`: for which records. `body`:
    fields that follow from the record, for which the form has no place.
    """

    called: str
    word: str
    label: str
    why: str = ""
    done: str = "saved"
    closes: bool = False
    is_danger: bool = False
    tells: bool = False
    leaves: bool = False
    where: Callable[[Record], bool] = _always
    body: Callable[[Record], Mapping[str, object]] = _nothing

    @property
    def command(self) -> Command:
        """What does it."""
        return command(self.called)

    @property
    def without(self) -> tuple[str, ...]:
        """Fields that its form has no place for: all, where they follow from the record."""
        return () if self.body is _nothing else self.command.fields


@dataclass(frozen=True, slots=True)
class Look:
    """Something that can be asked about one of them, by a query: `word` is asked for in the page's own query. `steps`: what
    the answer's steps are called, by `check`; "" where it is no list of steps.
    """

    path: str
    word: str
    label: str
    explanation: str = ""
    steps: Mapping[str, str] | None = None
    where: Callable[[Record], bool] = _always

    @property
    def permission(self) -> Permission:
        """What the query needs."""
        return query(self.path).permission


@dataclass(frozen=True, slots=True)
class OptionsOf:
    """Choices for a field: what is in `field` of a list (a path of the API)."""

    path: str
    field: str = "name"


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file to take away, at `path` here, of what the query at `api` answers; left out where there is nothing."""

    api: str
    path: str
    label: str


@dataclass(frozen=True, slots=True)
class RecordKind:
    """Things of one kind. `path`: of their list, here; `api`: in the API, where it is another. `word`: for one of them, as `a
    service token`; `words`: for all.

    `key`: the field that names one in a path. `one`: the query of one of them, "" where there is none: then it is looked for
    in the list. `add`, `change`: the commands that do so. `fixed`: fields of `add` that the form has no place for.
    `tells`: what was added is shown once, with its secret. `options`: what is to be chosen from, by the field of a form.
    `for_all`: what is done without naming one. `hidden`: fields of a record that its page
    leaves out.
    `asked`: fields of the listing that narrow it, of which `usual` has those that are not empty at first; a listing that is
    searched by its operation comes in pages, and in its order. `above`: paths of the API of which some fields stand above
    the list. `helps`: the path of a list of what settings there are, which stands below the forms.
    `files`: stand above the list. `order`: a moment, the newest of which comes first, or `LISTED`; without it they are by
    `key`.
    """

    path: str
    word: str
    words: str
    explanation: str
    columns: tuple[Cell, ...]
    key: str = "name"
    title: str = "name"
    api: str = ""
    one: str = ""
    add: str = ""
    change: str = ""
    tells: bool = False
    acts: tuple[Act, ...] = ()
    looks: tuple[Look, ...] = ()
    for_all: tuple[Act, ...] = ()
    options: Mapping[str, OptionsOf] | None = None
    fixed: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ("id",)
    asked: tuple[str, ...] = ()
    usual: Mapping[str, str] | None = None
    above: tuple[tuple[str, tuple[str, ...]], ...] = ()
    helps: str = ""
    files: tuple[FileLink, ...] = ()
    order: str = ""

    def name_of(self, record: Record) -> str:
        """What names one in a path; a name that is empty has a place there, too."""
        return str(record[self.key]) or NAMELESS

    @property
    def listing(self) -> Query:
        """What lists them."""
        return query(self.api or self.path)

    def operations(self) -> list[str]:
        """All operations that the pages of this kind use."""
        used = [f"GET {self.api or self.path}", *(one.called for one in (*self.acts, *self.for_all))]
        choices = (one.path for one in (self.options or {}).values())
        looked = (self.one, self.helps, *(look.path for look in self.looks), *choices, *(path for path, _ in self.above))
        used += [f"GET {one}" for one in looked if one]
        return [*used, *(one for one in (self.add, self.change) if one)]
