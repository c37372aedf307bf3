"""What keeps an entry of the audit, as those see it who have something to be kept. No database is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NewType, Protocol

#: The actor of entries about nobody who is known.
ANONYMOUS = "anonymous"


#: The name of what an entry tells. `actions` makes them, and the admin API one for each of its commands.
Action = NewType("Action", str)


class Note(Protocol):
    """Takes entries: `notes.Notes.note` or a stand-in. `address` of `detail`: where an anonymous one came from."""

    def __call__(self, actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None) -> None: ...


def nowhere(actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None) -> None:
    """A `Note` that keeps nothing: for programs without an audit."""
