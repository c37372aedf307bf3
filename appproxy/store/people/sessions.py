"""Sessions that count no longer: one by one, or all of a user (a subject of a provider) up to a moment.

Sessions themselves live in cookies.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.schema import not_before, revoked_sessions
from appproxy.store.transaction import Transaction

#: The longest that a session can last, in seconds (30 days, `session_hours`), and a day: after that, nothing needs to
#: be remembered of it.
LONGEST = 31 * 86400.0
#: The end of the year 9999: a moment that no session is issued after.
FOREVER = 253402300799.0


def revoke_session(tx: Transaction, session_id: str, expires: float | None = None) -> None:
    """End one session; remembered until `expires`, when its cookie ends by itself (unknown: the longest possible)."""
    until = min(expires if expires is not None else tx.now + LONGEST, tx.now + LONGEST)
    table = revoked_sessions
    if tx.row(sa.select(table).where(table.c.id == session_id)) is None:
        tx.change(sa.insert(table).values(id=session_id, expires=until))


def revoke_subject(tx: Transaction, provider: str, subject: str) -> None:
    """End all sessions of a provider's subject that were issued until now; whoever is barred stays it."""
    row = tx.row(sa.select(not_before.c.time).where(_is(provider, subject)))
    if row is None or row["time"] < tx.now:
        _set(tx, provider, subject, tx.now, tx.now + LONGEST)


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


def _is(provider: str, subject: str) -> sa.ColumnElement[bool]:
    return (not_before.c.provider == provider) & (not_before.c.subject == subject)


def _set(tx: Transaction, provider: str, subject: str, time: float, expires: float) -> None:
    values = {"time": time, "expires": expires}
    if tx.change(sa.update(not_before).where(_is(provider, subject)).values(values)) == 0:
        tx.change(sa.insert(not_before).values(provider=provider, subject=subject, **values))


def purge(tx: Transaction) -> None:
    """Forget what no living session can need."""
    tx.change(sa.delete(revoked_sessions).where(revoked_sessions.c.expires < tx.now))
    tx.change(sa.delete(not_before).where(not_before.c.expires < tx.now))
