"""Who may use an application: users and groups of its identity provider."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.publish.application import Preauthentication
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.paging import ListPage
from appproxy.store.people import providers, user_groups, users
from appproxy.store.tables.core import GROUP, USER, assignments
from appproxy.store.tables.core import user_groups as groups_table
from appproxy.store.tables.core import users as users_table
from appproxy.store.transaction import Reading, Row, Transaction

#: OpenID Connect Core section 2: a subject has at most 255 ASCII characters.
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Assignment:
    """`value` is what tokens carry; `label` what people call it (the same for other providers than the built-in).

    `maintainer`: may use the application while it is being maintained. `expires`: when it ends by itself, in seconds since
    1970; 0.0: never.
    """

    provider: str
    kind: str
    value: str
    label: str
    maintainer: bool = False
    expires: float = 0.0

    @property
    def key(self) -> str:
        """Its name among those of an application; no provider or kind has a slash."""
        return f"{self.provider}/{self.kind}/{self.value}"


def assign(
    tx: Transaction, application: str, *, user: str | None = None, group: str | None = None, provider: str | None = None,
    maintainer: bool | None = None, expires: float = 0.0,
) -> Assignment:
    """Let a user or a group in. `provider`: the application's own if None; `maintainer`: None leaves it as it is. `expires`:
    when it ends by itself (seconds since 1970), 0.0 for never; one that is there for good stays so.

    Users and groups of the built-in provider go by name; of others by subject and by the value in the groups claim.
    Raises ConfigError (not exactly one given, or a maintainer where nobody signs in) or NotFound.
    """
    found = applications.find(tx, application)
    made = _resolve(tx, found.provider if provider is None else provider, user, group)
    if maintainer and found.preauthentication is Preauthentication.PASSTHROUGH:
        raise ConfigError(f"maintainer: nobody signs in to {found.name} (preauth=passthrough), so none can be told apart")
    if maintainer and expires:
        raise ConfigError("maintainer: an assignment that ends by itself is no maintainer's", hint="leave one of the two out")
    return put(tx, found.id, replace(made, maintainer=bool(maintainer), expires=expires), keeps_maintainer=maintainer is None)


def put(tx: Transaction, application_id: str, made: Assignment, *, keeps_maintainer: bool = False) -> Assignment:
    """Write one down; gives how it is then. What is there for good does not begin to end."""
    row = tx.row(sa.select(assignments).where(_is(application_id, made)))
    if row is None:
        values = {"provider": made.provider, "kind": made.kind, "value": made.value, "maintainer": made.maintainer,
                  "expires": made.expires}
        tx.change(sa.insert(assignments).values(application=application_id, **values))
        return made
    made = replace(made, maintainer=row["maintainer"] if keeps_maintainer else made.maintainer,
                   expires=made.expires if row["expires"] else 0.0)
    if (made.maintainer, made.expires) != (row["maintainer"], row["expires"]):
        tx.change(sa.update(assignments).where(_is(application_id, made)).values(
            maintainer=made.maintainer, expires=made.expires))
    return made


def end(tx: Transaction) -> list[tuple[str, Assignment]]:
    """Forget those that have ended; gives them, each with its application's id."""
    over = (assignments.c.expires > 0.0) & (assignments.c.expires <= tx.now)
    rows = tx.rows(sa.select(assignments).where(over))
    if rows:
        tx.change(sa.delete(assignments).where(over))
    return [(row["application"], _made(row, row["value"])) for row in rows]


def unassign(
    tx: Transaction, application: str, *, user: str | None = None, group: str | None = None, provider: str | None = None
) -> Assignment:
    """Let a user or a group in no longer. Raises NotFound when it was not assigned."""
    found = applications.find(tx, application)
    gone = _resolve(tx, found.provider if provider is None else provider, user, group)
    if tx.change(sa.delete(assignments).where(_is(found.id, gone))) == 0:
        there = [one.label for one in list_for(tx, found.id) if one.kind == gone.kind]
        raise names.not_found(f"{gone.kind} assigned to {found.name}:", gone.label, there)
    return gone


def list_for(reading: Reading, application: str) -> list[Assignment]:
    """The assignments of an application, by kind and label."""
    return list_of(reading, applications.find_id(reading, application))


def list_of(reading: Reading, application_id: str) -> list[Assignment]:
    """The same of one that is known to be there."""
    return sorted(list_page(reading, application_id), key=lambda one: (one.kind, one.label, one.provider))


def list_page(reading: Reading, application_id: str, page: ListPage | None = None) -> list[Assignment]:
    """The assignments of an application, or a page of them, by `key`."""
    table = assignments.c
    chosen = sa.select(assignments).where(table.application == application_id)
    if page is not None:
        chosen = chosen.limit(page.limit)
        if page.after is not None:
            last = (*page.after.split("/", 2), "", "")[:3]
            chosen = chosen.where(sa.tuple_(table.provider, table.kind, table.value) > sa.tuple_(*map(sa.literal, last)))
    rows = reading.rows(chosen.order_by(table.provider, table.kind, table.value))
    builtin = [(row["kind"], row["value"]) for row in rows if row["provider"] == providers.BUILTIN]
    labels = names.by_id(reading, users_table, [value for kind, value in builtin if kind == USER])
    labels |= names.by_id(reading, groups_table, [value for kind, value in builtin if kind == GROUP])
    return [
        _made(row, labels.get(row["value"], row["value"]) if row["provider"] == providers.BUILTIN else row["value"])
        for row in rows
    ]


def _made(row: Row, label: str) -> Assignment:
    return Assignment(row["provider"], row["kind"], row["value"], label, row["maintainer"], row["expires"])


def _resolve(reading: Reading, provider: str, user: str | None, group: str | None) -> Assignment:
    if (user is None) == (group is None):
        raise ConfigError("assign: give either a user or a group")
    kind, text = (USER, user) if user is not None else (GROUP, group)
    id_ = providers.find(reading, provider).id
    assert text is not None
    if id_ == providers.BUILTIN:
        named = users.find(reading, text) if kind == USER else user_groups.find(reading, text)
        return Assignment(id_, kind, named.id, named.name)
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise ConfigError(f"assign: the {kind} must have 1 to {_LONGEST} printable characters")
    return Assignment(id_, kind, text, text)


def _is(application_id: str, one: Assignment) -> sa.ColumnElement[bool]:
    table = assignments
    return sa.and_(
        table.c.application == application_id,
        table.c.provider == one.provider,
        table.c.kind == one.kind,
        table.c.value == one.value,
    )
