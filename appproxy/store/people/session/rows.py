"""One row a session: who, where and since when, and the provider's tokens, sealed. No request asks for it.

Requests are judged by their cookie and by `revoked_sessions`. The row is for what happens beside them: further sign-ins of
the same browser, refreshing, signing out at the provider, and whoever wants to see which sessions there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import sqlalchemy as sa

from appproxy.identity.openid.id_token import LEEWAY
from appproxy.identity.openid.logout_token import began_after
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.people.session import bound as session_bound
from appproxy.store.people.session import one_time, sessions
from appproxy.store.people.session.record import PROVIDER_SESSION_LIFETIME, Begun, SessionRow, SessionTokens, SignInResult
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import session_applications
from appproxy.store.tables.core import sessions as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purposes of sealing (associated data: never change them).
ID_TOKEN, REFRESH_TOKEN, CLAIMS = "session id token", "session refresh token", "session claims"
#: For so many seconds a session that its provider has ended cannot begin: a sign-in may be on its way meanwhile.
_BEGINNING = 600.0
#: Seconds for which the row of an ended session stays: the browser is still on its way to the provider.
_AFTER_END = 3600.0
_FIND, _ADD = sa.select(table).where(table.c.id == sa.bindparam("id")), sa.insert(table)
_OPENED, _OPEN = sa.select(session_applications.c.session).where(
    session_applications.c.session == sa.bindparam("session"),
    session_applications.c.application == sa.bindparam("application")), sa.insert(session_applications)


def begin(tx: Transaction, made: SignInResult, known: str = "") -> Begun | None:
    """Write a sign-in down. One in a browser whose session `known` lasts goes on with that, if the provider's is the same.

    None: the provider has just ended the session that it says this is.
    """
    if made.sid and one_time.is_used(tx, _gone(made.provider, made.sid)):
        return None
    found, made_room = _going_on(tx, made, known), 0
    if found is None and session_bound.is_full(tx, made.provider, made.subject):
        # A browser that keeps no cookie of ours but the provider's has one session all the same.
        found = session_bound.of_same_session(tx, made.provider, made.subject, made.issuer, made.sid)
        if found is None:
            made_room = session_bound.make_room(tx, made.provider, made.subject)
    id_, expires = (made.id, made.expires) if found is None else (found["id"], found["expires"])
    values = {
        "name": made.name, "seen": tx.now, "address": made.address[:64], "client": made.client[:255], **_proof(tx, id_, made),
    }
    refresh_at = made.refresh_at
    if found is None or made.refresh_token:
        token = tx.sealer.seal(REFRESH_TOKEN, id_, made.refresh_token.encode())
        values |= {"refresh_token": token, "refresh_at": refresh_at, "lease_until": 0.0}
    else:
        # Some providers give a refresh token at the first sign-in only, and that goes on to be good.
        refresh_at = found["refresh_at"]
    if found is None:
        session_bound.forget_ended(tx, made.provider, made.subject)
        tx.change(_ADD, {
            "id": id_, "provider": made.provider, "subject": made.subject, "issuer": made.issuer, "sid": made.sid,
            "began": tx.now, "expires": expires, "ended": 0.0, "refreshes": 0, **values})
    else:
        tx.change(sa.update(table).where(table.c.id == id_).values(values))
    if made.application and found is None:
        tx.change(_OPEN, {"session": id_, "application": made.application})
    elif made.application:
        opened(tx, id_, made.application)
    return Begun(id_, expires, refresh_at, made_room)


def _going_on(tx: Transaction, made: SignInResult, known: str) -> Row | None:
    """The session that the browser has, if the sign-in belongs to it."""
    row = tx.row(_FIND, {"id": known}) if known else None
    if row is None or row["ended"] or row["expires"] <= tx.now:
        return None
    same = all(row[name] == getattr(made, name) for name in ("provider", "subject", "issuer", "sid"))
    return row if same else None


def _proof(tx: Transaction, id_: str, made: SignInResult) -> dict[str, object]:
    """What the provider has said, as columns."""
    seal = tx.sealer.seal
    return {
        "auth_time": made.auth_time, "amr": json.dumps(made.amr), "acr": made.acr,
        "id_token": seal(ID_TOKEN, id_, made.id_token.encode()),
        "claims": seal(CLAIMS, id_, json.dumps(made.claims).encode()),
    }


def opened(tx: Transaction, id_: str, application: str) -> None:
    """The session has opened an application."""
    pair = {"session": id_, "application": application}
    if tx.row(_OPENED, pair) is None:
        tx.change(_OPEN, pair)


def seen(tx: Transaction, moments: Mapping[str, float]) -> None:
    """When the sessions were last used, by id; those without a row are nobody's concern."""
    for id_, moment in moments.items():
        tx.change(sa.update(table).where((table.c.id == id_) & (table.c.seen < moment)).values(seen=moment))


def find(reading: Reading, id_: str) -> SessionRow | None:
    """The session of this id, ended or not."""
    row = reading.row(sa.select(table).where(table.c.id == id_))
    return None if row is None else _rows(reading, [row])[0]


def list_all(
    reading: Reading, now: float, *, provider: str = "", subject: str = "", application: str = "", limit: int = 1000,
    page: ListPage | None = None,
) -> list[SessionRow]:
    """Sessions that last `now`, of one provider, subject or application only: the last used first, or a page by id."""
    chosen = sa.select(table).where((table.c.ended == 0.0) & (table.c.expires > now))
    if provider:
        chosen = chosen.where(table.c.provider == provider)
    if subject:
        chosen = chosen.where(table.c.subject == subject)
    if application:
        chosen = chosen.where(table.c.id.in_(
            sa.select(session_applications.c.session).where(session_applications.c.application == application)))
    last = chosen.order_by(table.c.seen.desc(), table.c.id).limit(limit)
    return _rows(reading, reading.rows(last if page is None else paged(chosen, table.c.id, page)))


def tokens(reading: Reading, id_: str) -> SessionTokens:
    """The provider's last tokens of a session, also of one that has just ended."""
    row = reading.row(sa.select(table.c.id_token, table.c.refresh_token).where(table.c.id == id_))
    if row is None:
        return SessionTokens()
    opened = (reading.sealer.open(purpose, id_, row[column]).decode()
              for purpose, column in ((ID_TOKEN, "id_token"), (REFRESH_TOKEN, "refresh_token")))
    return SessionTokens(*opened)


def end(tx: Transaction, id_: str) -> SessionRow | None:
    """End one session, on all nodes; gives what it was, None for one that is not there or has ended before.

    With it ends the built-in provider's that it came from: else its browser would be back without a password. That one may
    last longer than settings let this one.
    """
    row = find(tx, id_)
    sessions.revoke_session(tx, id_, None if row is None else row.expires)
    if row is not None and row.provider == BUILTIN and row.sid:
        sessions.revoke_session(tx, row.sid, tx.now + PROVIDER_SESSION_LIFETIME)
    return None if row is None or row.ended else row


def end_others(tx: Transaction, provider: str, subject: str, kept: str) -> list[SessionRow]:
    """End all sessions of a provider's subject but the one `kept` (its id); gives those that have ended."""
    others = [row for row in list_all(tx, tx.now, provider=provider, subject=subject) if row.id != kept]
    for row in others:
        end(tx, row.id)
    return others


def last_seen(reading: Reading, provider: str, sid: str) -> float:
    """When what belongs to a provider's session was last used (seconds since 1970, true to some minutes); 0.0: never."""
    moments = sa.select(sa.func.max(table.c.seen)).where((table.c.provider == provider) & (table.c.sid == sid))
    return float(reading.connection.scalar(moments) or 0.0)


def is_of(reading: Reading, provider: str, sid: str) -> bool:
    """Is there a session that belongs to this one of the provider?"""
    named = (table.c.provider == provider) & (table.c.sid == sid) & (table.c.ended == 0.0)
    return reading.row(sa.select(table.c.id).where(named)) is not None


def end_at_provider(tx: Transaction, provider: str, sid: str, subject: str = "") -> list[SessionRow]:
    """End what belongs to a provider's session `sid`, of this subject if one is named; also one that is about to begin.

    A session of the subject whose provider did not say its `sid` ends, too: it may be the one.
    """
    one_time.use_once(tx, _gone(provider, sid), tx.now + _BEGINNING)
    meant = table.c.sid == sid
    if subject:
        meant = (table.c.subject == subject) & table.c.sid.in_((sid, ""))
    rows = tx.rows(sa.select(table).where((table.c.provider == provider) & (table.c.ended == 0.0) & meant))
    found = _rows(tx, rows)
    for one in found:
        sessions.revoke_session(tx, one.id, one.expires)
    return found


def end_until(tx: Transaction, provider: str, subject: str, issued: float) -> list[SessionRow]:
    """End all sessions of a provider's subject, but those that have begun after the provider has said so: `issued`, by its
    clock. It may say it again and again until it is heard, and the user may have signed in again meanwhile.
    """
    rows = tx.rows(sa.select(table).where(
        (table.c.provider == provider) & (table.c.subject == subject) & (table.c.ended == 0.0) & (table.c.expires > tx.now)))
    later = {row["id"] for row in rows if began_after(issued, _claims(tx, row), row["began"])}
    found = _rows(tx, [row for row in rows if row["id"] not in later])
    # Where none is kept, clocks that differ end rather too much; access tokens that came since are judged by this, too.
    until = issued if later else issued + LEEWAY
    if until >= tx.now:
        sessions.revoke_subject(tx, provider, subject)
        return found
    for one in found:
        sessions.revoke_session(tx, one.id, one.expires)
    sessions.revoke_issued(tx, provider, subject, until)
    return found


def _claims(reading: Reading, row: Row) -> Mapping[str, object]:
    claims: dict[str, object] = json.loads(reading.sealer.open(CLAIMS, row["id"], row["claims"]))
    return claims


def _gone(provider: str, sid: str) -> str:
    return f"ended {sha256(f'{provider} {sid}'.encode()).hexdigest()}"


def _rows(reading: Reading, rows: Sequence[Row]) -> list[SessionRow]:
    pair = session_applications.c
    ids = [row["id"] for row in rows]
    found: dict[str, list[str]] = {}
    for which in among(pair.session, ids):
        for one in reading.rows(sa.select(session_applications).where(which).order_by(pair.application)):
            found.setdefault(one["session"], []).append(one["application"])
    return [_session(row, found.get(row["id"], ())) for row in rows]


def _session(row: Row, applications: Iterable[str]) -> SessionRow:
    return SessionRow(
        id=row["id"], provider=row["provider"], subject=row["subject"], issuer=row["issuer"], name=row["name"], sid=row["sid"],
        began=row["began"], seen=row["seen"], expires=row["expires"], ended=row["ended"], address=row["address"],
        client=row["client"], auth_time=row["auth_time"], amr=tuple(json.loads(row["amr"])), acr=row["acr"],
        refresh_at=row["refresh_at"], refreshes=row["refreshes"], applications=tuple(applications),
    )


def purge(tx: Transaction) -> None:
    """Forget sessions that are over."""
    over = (table.c.expires < tx.now) | ((table.c.ended > 0.0) & (table.c.ended < tx.now - _AFTER_END))
    gone = sa.select(table.c.id).where(over)
    tx.change(sa.delete(session_applications).where(session_applications.c.session.in_(gone)))
    tx.change(sa.delete(table).where(over))
