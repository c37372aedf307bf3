"""Forms that wait for their senders to sign in again: few, small, sealed, for an hour, and each taken once.

Only somebody who had a session can have one kept, so that the shares below bound what former users can do, too.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import kept_forms
from appproxy.store.transaction import Reading, Transaction

#: Forms, and bytes, that are kept of one user: as many tabs as anybody has a form open in.
MOST_OF_USER, MOST_BYTES_OF_USER = 10, 16 * 2**20
#: The same of all: what a database and its backup do not feel.
MOST, MOST_BYTES = 2000, 128 * 2**20
#: Purpose of the seal.
KEPT_FORM = "kept form"


def keep(tx: Transaction, id_: str, owner: str, place: str, form: bytes, expires: float) -> bool:
    """Keep it until `expires`; False where the user's share, or that of all, is used up: none goes for another."""
    purge(tx)
    if not (_fits(tx, len(form), kept_forms.c.owner == owner, MOST_OF_USER, MOST_BYTES_OF_USER)
            and _fits(tx, len(form), sa.true(), MOST, MOST_BYTES)):
        return False
    tx.change(sa.insert(kept_forms).values(
        id=id_, owner=owner, place=place, size=len(form), expires=expires, form=tx.sealer.seal(KEPT_FORM, id_, form)))
    return True


def look(reading: Reading, id_: str, place: str, now: float) -> tuple[str, bytes] | None:
    """Whose form it is, and the form; None where it is not there, or no longer."""
    row = reading.row(sa.select(kept_forms).where(_is(id_, place, now)))
    return None if row is None else (row["owner"], reading.sealer.open(KEPT_FORM, id_, row["form"]))


def take(tx: Transaction, id_: str, owner: str, place: str) -> bytes | None:
    """The form, which is there no more from now on; None where this user has none there.

    Write transactions run one at a time: of two that take it only one finds it.
    """
    found = look(tx, id_, place, tx.now)
    if found is None or found[0] != owner:
        return None
    drop(tx, id_)
    return found[1]


def drop(tx: Transaction, id_: str) -> None:
    """It is not to be sent any more."""
    tx.change(sa.delete(kept_forms).where(kept_forms.c.id == id_))


def purge(tx: Transaction) -> None:
    """Forget those whose time is over."""
    tx.change(sa.delete(kept_forms).where(kept_forms.c.expires <= tx.now))


def _is(id_: str, place: str, now: float) -> sa.ColumnElement[bool]:
    return (kept_forms.c.id == id_) & (kept_forms.c.place == place) & (kept_forms.c.expires > now)


def _fits(tx: Transaction, size: int, of: sa.ColumnElement[bool], most: int, most_bytes: int) -> bool:
    counted = tx.row(sa.select(
        sa.func.count().label("number"), sa.func.coalesce(sa.func.sum(kept_forms.c.size), 0).label("bytes")).where(of))
    return counted is not None and counted["number"] < most and counted["bytes"] + size <= most_bytes
