"""Parts of long listings, by the key of the last row that was seen: each costs the same, however long the listing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from appproxy.store.searching import has_text

#: Values of one IN: SQLite takes some 32,000 parameters, older ones 999.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ListPage:
    """At most `limit` rows, those whose key is behind `after`; None: the first ones. `search`: only rows with this text.

    The keys of a listing are unique, and the database compares them, so that rows which come or go meanwhile neither repeat
    nor hide others.
    """

    limit: int
    after: str | None = None
    search: str = ""


def paged(
    statement: sa.Select[Any], key: sa.ColumnElement[Any], page: ListPage | None, kept_as: Callable[[str], str] = str,
    searched: Sequence[sa.ColumnElement[Any]] = (),
) -> sa.Select[Any]:
    """The rows of a page, by `key`, which has an index; all of them without one.

    `kept_as`: the key of what `after` names, such as a name in small letters. `searched`: where the text of a search is looked
    for, whether capital or small.
    """
    ordered = statement.order_by(key)
    if page is None:
        return ordered
    if page.after is not None:
        ordered = ordered.where(key > kept_as(page.after))
    if page.search:
        ordered = ordered.where(sa.or_(*(has_text(one, page.search) for one in searched)))
    return ordered.limit(page.limit)


def among(column: sa.ColumnElement[Any], values: Iterable[str] | None) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that together choose the rows with any of these values; one that is always true for None: all rows."""
    if values is None:
        yield sa.true()
        return
    every: Sequence[str] = sorted(set(values))
    for start in range(0, len(every), _AT_ONCE):
        yield column.in_(every[start : start + _AT_ONCE])
