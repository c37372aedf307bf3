"""Names that admins give to things, and how a wrong one is answered: with the nearest that exist."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

import sqlalchemy as sa

from appproxy.errors import AlreadyThere as AlreadyThere
from appproxy.errors import ConfigError
from appproxy.errors import NotFound as NotFound
from appproxy.store.paging import among
from appproxy.store.transaction import Reading, Row

#: Long enough for any title, short enough for a table on a terminal.
_LONGEST = 64
#: As many as fit into a line.
_SHOWN = 5
_USER = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


def title(text: str, what: str) -> str:
    """A name as people write it: up to 64 printable signs, no slash, no space at its ends. Raises ConfigError."""
    text = unicodedata.normalize("NFC", text)
    if not text or len(text) > _LONGEST or not text.isprintable() or text != text.strip() or "/" in text:
        raise ConfigError(f"{what}: {text!r} must have 1 to {_LONGEST} printable signs, no `/`, no space at its ends")
    return text


def key(text: str) -> str:
    """What makes two names the same: their letters, whether capital or small."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def user_name(text: str) -> str:
    """The name that a user signs in with, in small letters. Raises ConfigError."""
    small = sign_in_name(text)
    if not _USER.fullmatch(small):
        raise ConfigError(f"user: {text!r} must have 1 to 64 of the signs a-z 0-9 . _ - + @, beginning with a-z or 0-9")
    return small


def sign_in_name(text: str) -> str:
    """A user's name as it is looked up. Only ASCII is lowered: the Kelvin sign must not become a `k`."""
    return text.lower() if text.isascii() else text


def is_user_name(text: str) -> bool:
    """Could a user have this name? It need not be looked up otherwise; PostgreSQL, for one, takes no NUL in a text."""
    return _USER.fullmatch(sign_in_name(text)) is not None


def not_found(what: str, text: str, there: Iterable[str]) -> NotFound:
    """The error for an unknown name, with near ones of those that exist, or some of them, or that there are none."""
    known = sorted(there)
    if near := get_close_matches(text, known, 3):
        hint = f"did you mean {' or '.join(near)}?"
    elif known:
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        hint = f"there are: {', '.join(known[:_SHOWN])}{more}"
    else:
        hint = "there is none yet"
    return NotFound(f"there is no {what} {text!r}", hint=f"{hint}")


def already_there(what: str, text: str) -> AlreadyThere:
    """The error for a name that is taken."""
    article = "an" if what[0] in "aeio" else "a"
    return AlreadyThere(f"there is already {article} {what} {text!r}",
                        hint="choose another name, or change the one that is there")


def find_row(reading: Reading, table: sa.Table, is_named: sa.ColumnElement[bool], text: str, what: str) -> Row:
    """The row of `table` that has this name, or `text` as its id. Raises NotFound, with near names."""
    row = reading.row(sa.select(table).where(is_named)) or reading.row(sa.select(table).where(table.c.id == text))
    if row is None:
        raise not_found(what, text, reading.connection.scalars(sa.select(table.c.name)))
    return row


def by_id(reading: Reading, table: sa.Table, ids: Iterable[str] | None = None) -> dict[str, str]:
    """What the rows of `table` are called, by id: of these ids, as far as they are there, or of all."""
    chosen = sa.select(table.c.id, table.c.name)
    return {id_: name for which in among(table.c.id, ids)
            for id_, name in reading.connection.execute(chosen.where(which)).all()}


def check_new(reading: Reading, table: sa.Table, is_named: sa.ColumnElement[bool], text: str, what: str) -> None:
    """Raises AlreadyThere when a row of `table` has this name, or `text` as its id."""
    if reading.row(sa.select(table.c.id).where(sa.or_(is_named, table.c.id == text))):
        raise already_there(what, text)
