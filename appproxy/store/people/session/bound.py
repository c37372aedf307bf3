"""How many sessions one user may have at one provider: whoever signs in without end fills neither database nor page.

Only who has signed in can make a session: nobody else can use the bound against a user. At the bound nobody is refused.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.people.session import sessions
from appproxy.store.tables.core import sessions as table
from appproxy.store.transaction import Row, Transaction

#: Sessions of one user at one provider. Restored tabs of a browser that all sign in at once may begin one each: this is four
#: such browsers of fifty tabs.
MOST = 200
#: When there is no room, as many stay: a snapshot is made for each time that some go, so that it is not at each sign-in.
STAY = 150
#: Ended sessions of one user that are kept for the browsers that are still on their way to the provider.
MOST_ENDED = 100


_OF = (table.c.provider == sa.bindparam("provider")) & (table.c.subject == sa.bindparam("subject"))
_LASTING = _OF & (table.c.ended == 0.0) & (table.c.expires > sa.bindparam("now"))
_COUNT = sa.select(sa.func.count()).where(_LASTING)
_ENDED = _OF & (table.c.ended > 0.0)
_ENDED_BEYOND = sa.select(table.c.ended).where(_ENDED).order_by(table.c.ended.desc()).offset(sa.bindparam("stay")).limit(1)


def _of(provider: str, subject: str) -> sa.ColumnElement[bool]:
    return (table.c.provider == provider) & (table.c.subject == subject)


def _lasting(tx: Transaction, provider: str, subject: str) -> sa.ColumnElement[bool]:
    return _of(provider, subject) & (table.c.ended == 0.0) & (table.c.expires > tx.now)


def is_full(tx: Transaction, provider: str, subject: str) -> bool:
    """Has the subject all sessions that one may have?"""
    return int(tx.connection.scalar(_COUNT, {"provider": provider, "subject": subject, "now": tx.now}) or 0) >= MOST


def of_same_session(tx: Transaction, provider: str, subject: str, issuer: str, sid: str) -> Row | None:
    """The subject's session that came from the same session `sid` of the provider, the last used one."""
    same = _lasting(tx, provider, subject) & (table.c.issuer == issuer) & (table.c.sid == sid)
    return tx.row(sa.select(table).where(same).order_by(table.c.seen.desc()).limit(1)) if sid else None


def make_room(tx: Transaction, provider: str, subject: str) -> int:
    """End those of the subject that were not used for the longest time; gives how many."""
    chosen = sa.select(table.c.id, table.c.expires).where(_lasting(tx, provider, subject))
    over = tx.rows(chosen.order_by(table.c.seen.desc(), table.c.began.desc(), table.c.id).offset(STAY))
    for row in over:
        sessions.revoke_session(tx, row["id"], row["expires"])
    return len(over)


def forget_ended(tx: Transaction, provider: str, subject: str) -> None:
    """Of those that have ended only the last stay."""
    who = {"provider": provider, "subject": subject}
    before = tx.connection.scalar(_ENDED_BEYOND, {**who, "stay": MOST_ENDED})
    if before is not None:
        tx.change(sa.delete(table).where(_ENDED & (table.c.ended <= before)), who)
