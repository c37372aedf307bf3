"""Which roles users, groups and service tokens have. What a role may is not known here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.machines import service_tokens
from appproxy.store.people import providers, user_groups, users
from appproxy.store.snapshot import BUILTIN, TOKEN, RoleAssignment
from appproxy.store.tables import core
from appproxy.store.tables.core import GROUP, USER, memberships
from appproxy.store.tables.core import users as user_table
from appproxy.store.tables.machines import service_tokens as token_table
from appproxy.store.tables.roles import role_assignments as table
from appproxy.store.transaction import Reading, Row, Transaction

#: OpenID Connect Core section 2: a subject has at most 255 ASCII characters.
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a role, or is to.

    `provider`: its id, "" for a service token; `value`: what tokens carry; `label`: for people.
    """

    provider: str
    kind: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class NamedHolder:
    """The same as an admin names it: exactly one of the first three; `provider` "" is the built-in one."""

    user: str = ""
    group: str = ""
    token: str = ""
    provider: str = ""


def resolve(reading: Reading, who: NamedHolder) -> Holder:
    """Whom an admin means. Raises ConfigError, where that is not clear, or NotFound."""
    given = [kind for kind, text in ((USER, who.user), (GROUP, who.group), (TOKEN, who.token)) if text]
    if len(given) != 1:
        raise ConfigError("give one of user, group and token")
    kind = given[0]
    if kind == TOKEN:
        if who.provider:
            raise ConfigError("provider: goes with user and group only", hint="leave it out")
        token = service_tokens.find(reading, who.token)
        return Holder("", TOKEN, token.id, token.name)
    text = who.user or who.group
    provider = providers.find(reading, who.provider or BUILTIN).id
    if provider == BUILTIN:
        found = users.find(reading, text) if kind == USER else user_groups.find(reading, text)
        return Holder(provider, kind, found.id, found.name)
    if len(text) > _LONGEST or not text.isprintable():
        raise ConfigError(f"{kind}: 1 to {_LONGEST} printable characters are needed")
    return Holder(provider, kind, text, text)


def assign(tx: Transaction, role: str, holder: Holder, application: str = "", expires: float = 0.0) -> RoleAssignment:
    """Give a role; one that is there already gets this end. `application`: an id, or "" for all."""
    there = _find(tx, role, holder, application)
    if there is not None:
        tx.change(sa.update(table).where(table.c.id == there["id"]).values(expires=expires))
        return _made(_needed(tx, there["id"]))
    id_ = tx.new_id()
    tx.change(sa.insert(table).values(
        id=id_, role=role, provider=holder.provider or None, kind=holder.kind, value=holder.value,
        application=application or None, created=tx.now, expires=expires))
    return _made(_needed(tx, id_))


def unassign(tx: Transaction, role: str, holder: Holder, application: str = "") -> RoleAssignment:
    """Take a role away. Raises NotFound when it was not assigned."""
    there = _find(tx, role, holder, application)
    if there is None:
        labels = Labels.now(tx)
        known = [labels.of(one) for one in list_all(tx) if one.role == role and one.kind == holder.kind]
        raise names.not_found(f"{holder.kind} with the role {role}:", holder.label, known)
    tx.change(sa.delete(table).where(table.c.id == there["id"]))
    return _made(there)


def find(reading: Reading, id: str) -> RoleAssignment:
    """The assignment of this id. Raises NotFound."""
    row = reading.row(sa.select(table).where(table.c.id == id))
    if row is None:
        raise names.not_found("role assignment", id, ())
    return _made(row)


def list_all(reading: Reading) -> list[RoleAssignment]:
    """All assignments, those that have ended lately too, by role and age."""
    return [_made(row) for row in reading.rows(sa.select(table).order_by(table.c.role, table.c.created, table.c.id))]


def of(reading: Reading, holders: Iterable[tuple[str, str, str]], now: float) -> list[RoleAssignment]:
    """What holds now of what these have; each a provider, a kind and a value."""
    wanted = set(holders)
    return [one for one in list_all(reading) if one.holds(now) and (one.provider, one.kind, one.value) in wanted]


def of_entitlement(reading: Reading, entitlement: str) -> list[RoleAssignment]:
    """What was asked for by an entitlement (its id), and holds or has ended lately."""
    found = sa.select(table).where(table.c.entitlement == entitlement).order_by(table.c.created, table.c.id)
    return [_made(row) for row in reading.rows(found)]


def activate(
    tx: Transaction, role: str, holder: Holder, application: str, expires: float, by: tuple[str, str]
) -> RoleAssignment:
    """Give a role that was asked for; what its holder was given otherwise stays as it is. `by`: entitlement and group."""
    id_ = tx.new_id()
    tx.change(sa.insert(table).values(
        id=id_, role=role, provider=holder.provider, kind=holder.kind, value=holder.value, application=application or None,
        created=tx.now, expires=expires, entitlement=by[0], through=by[1], asked_until=expires))
    return _made(_needed(tx, id_))


def deactivate(tx: Transaction, entitlement: str, holder: tuple[str, str] | None = None) -> list[RoleAssignment]:
    """Take away what was asked for by an entitlement: by everybody, or by one subject of a provider."""
    gone = [one for one in of_entitlement(tx, entitlement) if holder in (None, (one.provider, one.value))]
    tx.change(sa.delete(table).where(table.c.id.in_([one.id for one in gone])))
    return gone


def has_person(reading: Reading, role: str) -> bool:
    """Does anybody have this role for all and for good who can sign in, as far as is known here?

    Users of the built-in provider who are not disabled, directly or by a group, and users of other providers by name. Who
    is in a group of another provider nobody knows here, and a service token is no person.
    """
    given = (table.c.role == role) & table.c.application.is_(None) & (table.c.entitlement == "")
    lasting = given & (table.c.expires == 0.0)
    values: dict[tuple[bool, str], set[str]] = {}
    for row in reading.rows(sa.select(table).where(lasting & table.c.kind.in_((USER, GROUP)))):
        values.setdefault((row["provider"] == BUILTIN, row["kind"]), set()).add(row["value"])
    if values.get((False, USER)):
        return True
    return _any_enabled(reading, values.get((True, USER), ()), values.get((True, GROUP), ()))


def _any_enabled(reading: Reading, ids: Collection[str], groups: Collection[str]) -> bool:
    members = sa.select(memberships.c.user_id).where(memberships.c.group_id.in_(groups))
    found = sa.select(user_table.c.id).where(
        user_table.c.disabled.is_(False) & (user_table.c.id.in_(ids) | user_table.c.id.in_(members))).limit(1)
    return reading.row(found) is not None


@dataclass(frozen=True, slots=True)
class Labels:
    """What holders and applications are called now; who is gone is shown by id."""

    users: dict[str, str]
    groups: dict[str, str]
    tokens: dict[str, str]
    providers: dict[str, str]
    applications: dict[str, str]
    #: E-mail addresses of users of the built-in provider, "" for none.
    emails: dict[str, str]

    @classmethod
    def now(cls, reading: Reading) -> Labels:
        """As the database has them."""
        emails = reading.connection.execute(sa.select(user_table.c.id, user_table.c.email))
        users, groups, tokens, providers, applications = (names.by_id(reading, one) for one in (
            user_table, core.user_groups, token_table, core.providers, core.applications))
        return cls(users, groups, tokens, providers, applications, {id_: email for id_, email in emails})

    def of(self, one: RoleAssignment) -> str:
        """The holder's."""
        return self.of_holder((one.provider, one.kind, one.value))

    def of_holder(self, holder: tuple[str, str, str]) -> str:
        """Of who is meant by a provider, a kind and a value."""
        provider, kind, value = holder
        if kind == TOKEN:
            return self.tokens.get(value, value)
        if provider != BUILTIN:
            return value
        return (self.users if kind == USER else self.groups).get(value, value)


def purge(tx: Transaction) -> None:
    """Forget what has ended, and what those had who are gone: an id is never given twice."""
    for end in (table.c.expires, table.c.asked_until):
        tx.change(sa.delete(table).where((end > 0.0) & (end < tx.now)))
    tx.change(sa.delete(table).where((table.c.kind == TOKEN) & table.c.value.not_in(sa.select(token_table.c.id))))


def _find(reading: Reading, role: str, holder: Holder, application: str) -> Row | None:
    same = (
        (table.c.entitlement == "") & (table.c.role == role) & (table.c.kind == holder.kind) & (table.c.value == holder.value)
        & (table.c.provider == holder.provider if holder.provider else table.c.provider.is_(None))
        & (table.c.application == application if application else table.c.application.is_(None))
    )
    return reading.row(sa.select(table).where(same))


def _needed(reading: Reading, id: str) -> Row:
    row = reading.row(sa.select(table).where(table.c.id == id))
    assert row is not None
    return row


def _made(row: Row) -> RoleAssignment:
    return RoleAssignment(
        row["id"], row["role"], row["provider"] or "", row["kind"], row["value"], row["application"] or "", row["created"],
        _end(row), row["entitlement"], row["through"])


def _end(row: Row) -> float:
    """Nothing that was asked for is for good: where nobody knows its end it has ended."""
    if not row["entitlement"]:
        return float(row["expires"])
    return float(row["asked_until"] or row["expires"] or row["created"])
