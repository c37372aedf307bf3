"""Operations on users' sessions."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError, NotFound
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.paging import ListPage
from appproxy.store.people import providers, users
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.people.session.record import SessionRow
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Transaction

_LONGEST_ID = 64
#: A listing is for people; programs ask for one user's or one application's.
_MOST, _SHOWN = 10_000, 200


def _list(reading: Reading, call: Call) -> object:
    body = call.body
    provider, subject = "", ""
    if "user" in body and ("subject" in body or "provider" in body):
        raise ConfigError("user: is one of the built-in provider", hint="give it alone, or subject and provider")
    if "user" in body:
        provider, subject = providers.BUILTIN, users.find(reading, body.text("user")).id
    if "provider" in body:
        provider = providers.find(reading, body.text("provider")).id
    if "subject" in body:
        subject = body.text("subject")
    application = applications.find_id(reading, body.text("application")) if "application" in body else ""
    limit = body.whole("limit", _SHOWN)
    if not 1 <= limit <= _MOST:
        raise ConfigError(f"limit: 1 to {_MOST} is needed")
    found = session_rows.list_all(
        reading, call.context.now, provider=provider, subject=subject, application=application, limit=limit,
        page=ListPage(limit, body.text("after")) if "after" in body else None)
    return _shown(reading, found)


def _show(reading: Reading, call: Call) -> object:
    id_ = call.path["session"]
    found = session_rows.find(reading, id_)
    if found is None:
        raise NotFound(f"there is no session {id_!r}", hint="see appproxy session list")
    return _shown(reading, [found])[0]


def _shown(reading: Reading, rows: list[SessionRow]) -> list[dict[str, object]]:
    """With names in place of ids, where they are there still."""
    called = {one.id: one.name for one in providers.list_all(reading)}
    opened = names.by_id(reading, schema.applications, {id_ for row in rows for id_ in row.applications})
    return [
        {
            "id": row.id, "name": row.name, "subject": row.subject, "provider": called.get(row.provider, row.provider),
            "applications": sorted(opened[one] for one in row.applications if one in opened), "began": row.began,
            "seen": row.seen, "expires": row.expires, "ended": row.ended, "address": row.address, "client": row.client,
            "auth_time": row.auth_time, "amr": list(row.amr), "acr": row.acr, "sid": row.sid, "refreshes": row.refreshes,
            "refresh_at": row.refresh_at,
        }
        for row in rows
    ]  # fmt: skip


def _revoke_session(tx: Transaction, call: Call) -> Change:
    """One session by its id, or all of a user: of the built-in provider by name, of others by provider and subject."""
    body = call.body
    given = [key for key in ("session", "user", "subject") if key in body]
    if len(given) != 1:
        raise ConfigError("give one of session, user and subject")
    if "provider" in body and given[0] != "subject":
        raise ConfigError("provider: goes with subject only")
    text = body.text(given[0])
    if not text or len(text) > 255 or (given[0] == "session" and len(text) > _LONGEST_ID):
        raise ConfigError(f"{given[0]}: 1 to {_LONGEST_ID if given[0] == 'session' else 255} characters are needed")
    if given[0] == "session":
        session_rows.end(tx, text)
        return Change({"session": text}, text, {"by": "session"})
    if given[0] == "user":
        provider, subject = providers.BUILTIN, users.find(tx, text).id
    else:
        provider, subject = _provider(tx, body.text("provider", "")), text
    sessions.revoke_subject(tx, provider, subject)
    return Change({given[0]: text, "provider": provider}, subject, {"by": given[0], "provider": provider})


def _provider(reading: Reading, given: str) -> str:
    """The id of the provider whose subject is meant. Raises ConfigError where it is not clear."""
    if given:
        return providers.find(reading, given).id
    there = providers.list_all(reading)
    if len(there) > 1:
        names = ", ".join(one.name for one in there)
        raise ConfigError("provider: say whose subject it is, since two may call different people so",
                          hint=f"there are {names}")
    return providers.BUILTIN


OPERATIONS: tuple[Operation, ...] = (
    Query("/sessions",
          "Sessions that last, the last used first, or by `id` with `after`; of a user, a provider or an application.", _list,
          ("user", "subject", "provider", "application", "limit", "after"),
          permission=Permission.READ_SESSIONS),
    Query("/sessions/{session}", "One session.", _show,
          permission=Permission.READ_SESSIONS),
    Command("POST", "/sessions/revoke", "session.revoke", "End a session, or all of a user.", _revoke_session,
            ("session", "user", "subject", "provider"),
            permission=Permission.END_SESSIONS),
)
