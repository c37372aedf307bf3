"""Long listings in pages, and ETags of what can be changed, alike for all operations."""

from __future__ import annotations

import json
from hashlib import sha256

from appproxy.admin.base.body import Body
from appproxy.errors import ConfigError
from appproxy.store.paging import ListPage

#: Fields of every listing that goes in pages.
PAGING = ("limit", "after")
#: Field of listings that can be searched: what their rows must have somewhere.
SEARCH = "search"
_LONGEST_SEARCH = 200
#: Rows of one page at most.
MOST_ROWS = 1000


def page_wanted(body: Body) -> ListPage | None:
    """Which page is asked for; None: all rows, as they come. Raises ConfigError."""
    if not any(name in body for name in (*PAGING, SEARCH)):
        return None
    limit = body.whole("limit", MOST_ROWS)
    if not 1 <= limit <= MOST_ROWS:
        raise ConfigError(f"limit: 1 to {MOST_ROWS} is needed")
    return ListPage(limit, body.optional("after"), body.text(SEARCH, "")[:_LONGEST_SEARCH])


def page_of(answer: object, key: str, page: ListPage | None) -> object:
    """A page of a listing that is always short enough to be read whole: the rows behind the one whose `key` is `after`.

    What is added or removed meanwhile neither repeats nor hides other rows.
    """
    if page is None:
        return answer
    assert isinstance(answer, list)
    rows = sorted(answer, key=lambda row: str(row[key]))
    if page.after is not None:
        rows = [row for row in rows if str(row[key]) > page.after]
    return rows[: page.limit]


def etag_of(answer: object, live: tuple[str, ...]) -> str:
    """A hash of the answer without the fields that change by themselves."""
    stable = {key: value for key, value in answer.items() if key not in live} if isinstance(answer, dict) else answer
    return sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()[:32]
