"""Sessions that count no longer: one by one, or all of a user (a subject of a provider) up to a moment.

What a session is lives in cookies; `session_rows` has what is known of it besides. With a session of the built-in provider
those end that relying parties have begun by it: `client_sessions` has what they are to be told.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.publish.settings.table import LONGEST_SESSION_HOURS
from appproxy.store.people.session import client_sessions
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import not_before, revoked_sessions
from appproxy.store.tables.core import sessions as rows
from appproxy.store.transaction import Reading, Transaction

#: The longest that a session can last, in seconds (30 days, `session_hours`), and a day: after that, nothing needs to
#: be remembered of it.
LONGEST = LONGEST_SESSION_HOURS * 3600.0 + 86400.0
#: The end of the year 9999: a moment that no session is issued after.
FOREVER = 253402300799.0


def revoke_session(tx: Transaction, session_id: str, expires: float | None = None) -> None:
    """End one session; remembered until `expires`, when its cookie ends by itself (unknown: the longest possible)."""
    until = min(expires if expires is not None else tx.now + LONGEST, tx.now + LONGEST)
    table = revoked_sessions
    if tx.row(sa.select(table).where(table.c.id == session_id)) is None:
        tx.change(sa.insert(table).values(id=session_id, expires=until))
    _end(tx, rows.c.id == session_id)
    client_sessions.session_ended(tx, session_id)


def has_ended(reading: Reading, session_id: str, provider: str, subject: str, began: float) -> bool:
    """Does a session count no longer, which began then (seconds since 1970)? For what must know it to the moment."""
    revoked, time = revoked_sessions.c.id, not_before.c.time
    return (reading.row(sa.select(revoked).where(revoked == session_id)) is not None
            or reading.row(sa.select(time).where(_is(provider, subject) & (time > began))) is not None)


def revoke_subject(tx: Transaction, provider: str, subject: str) -> None:
    """End all sessions of a provider's subject that were issued until now; whoever is barred stays it."""
    if _is_news(tx, provider, subject, tx.now):
        _set(tx, provider, subject, tx.now, tx.now + LONGEST)


def revoke_issued(tx: Transaction, provider: str, subject: str, until: float) -> None:
    """The same of those that were issued `until` then, but for their rows; whoever is barred stays it."""
    if _is_news(tx, provider, subject, until):
        _set_time(tx, provider, subject, until, tx.now + LONGEST)


def _is_news(reading: Reading, provider: str, subject: str, time: float) -> bool:
    row = reading.row(sa.select(not_before.c.time).where(_is(provider, subject)))
    return row is None or row["time"] < time


def bar_subject(tx: Transaction, provider: str, subject: str) -> None:
    """No session of a subject counts, also none that a sign-in under way is about to issue, until `admit_subject`."""
    _set(tx, provider, subject, FOREVER, FOREVER)


def admit_subject(tx: Transaction, provider: str, subject: str) -> None:
    """Sessions of a barred subject count again from now on; those from before do not."""
    _set(tx, provider, subject, tx.now, tx.now + LONGEST)


def forget_subject(tx: Transaction, provider: str, subject: str) -> None:
    """No session of a subject counts, until the last that there could be has ended: the subject is gone for good."""
    _set(tx, provider, subject, FOREVER, tx.now + LONGEST)


def forget_provider(tx: Transaction, provider: str) -> None:
    """Nothing needs to be remembered of the subjects of a provider that is removed: none of its sessions counts."""
    tx.change(sa.delete(not_before).where(not_before.c.provider == provider))
    _end(tx, rows.c.provider == provider)


def _is(provider: str, subject: str) -> sa.ColumnElement[bool]:
    return (not_before.c.provider == provider) & (not_before.c.subject == subject)


def _set(tx: Transaction, provider: str, subject: str, time: float, expires: float) -> None:
    _set_time(tx, provider, subject, time, expires)
    _end(tx, (rows.c.provider == provider) & (rows.c.subject == subject))
    if provider == BUILTIN:
        client_sessions.user_ended(tx, subject)


def _set_time(tx: Transaction, provider: str, subject: str, time: float, expires: float) -> None:
    values = {"time": time, "expires": expires}
    if tx.change(sa.update(not_before).where(_is(provider, subject)).values(values)) == 0:
        tx.change(sa.insert(not_before).values(provider=provider, subject=subject, **values))


def _end(tx: Transaction, which: sa.ColumnElement[bool]) -> None:
    """Nothing is refreshed any more, and no further sign-in belongs to it."""
    tx.change(sa.update(rows).where(which & (rows.c.ended == 0.0)).values(ended=tx.now))


def purge(tx: Transaction) -> None:
    """Forget what no living session can need."""
    tx.change(sa.delete(revoked_sessions).where(revoked_sessions.c.expires < tx.now))
    tx.change(sa.delete(not_before).where(not_before.c.expires < tx.now))
