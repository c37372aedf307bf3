"""Where the text of a search is, whether capital or small, in whatever script.

SQLite's own `lower` knows A to Z alone, so that `Özil` would not even be found by its own name: there it is Python's. The rest
is the databases' LIKE.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: What SQLite's connections call it (`store.engine`).
SMALL = "appproxy_small"


class InSmallLetters(FunctionElement[str]):
    """A text in small letters."""

    type = sa.Text()
    inherit_cache = True


@compiles(InSmallLetters)
def _compiled(element: InSmallLetters, compiler: Any, **more: Any) -> str:
    name = SMALL if compiler.dialect.name == "sqlite" else "lower"
    return f"{name}({compiler.process(element.clauses, **more)})"


def small(text: object) -> object:
    """What stands for `lower` in SQLite, whose columns may be NULL."""
    return text.lower() if isinstance(text, str) else text


def has_text(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Is the text in a column of texts? That may have small letters alone already, as `names.key` makes them."""
    normal = unicodedata.normalize("NFC", text)
    spelt = sorted({normal.lower(), unicodedata.normalize("NFC", normal.casefold())})
    return sa.or_(*(InSmallLetters(column).contains(one, autoescape=True) for one in spelt))


def has_text_in_json(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """The same of JSON that is written in ASCII (`json.dumps`): what is beyond, and quotes, are escapes there. Of other
    letters than A to Z, which have no small form in an escape, those are found that are all small, all capital, as typed, or
    capital at the beginnings of words.
    """
    normal = unicodedata.normalize("NFC", text)
    spelt = {json.dumps(one)[1:-1] for one in (normal, normal.lower(), normal.upper(), normal.title())}
    return sa.or_(*(column.icontains(one, autoescape=True) for one in sorted({one.lower() for one in spelt})))
