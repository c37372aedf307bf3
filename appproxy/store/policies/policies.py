"""Policies as admins change them, and the set of all that a node judges by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.policy.authorizer import is_assigned
from appproxy.policy.conditional.checks import locked
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.naming import TAG, Tagged
from appproxy.policy.conditional.documents.reading import read_location, read_policy, read_strength
from appproxy.policy.conditional.documents.strengths import BUILT_IN, strengths_of
from appproxy.policy.conditional.locations import CountryOf, Locations, no_country
from appproxy.policy.conditional.model import Policy
from appproxy.policy.conditional.parts.contexts import Contexts
from appproxy.policy.conditional.parts.devices import DevicePattern
from appproxy.publish.administration import ADMINISTRATION, ADMINISTRATOR
from appproxy.publish.administration import NAME as ADMINISTRATION_NAME
from appproxy.publish.application import Application
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.devices import authorities
from appproxy.store.people import providers, user_groups, users
from appproxy.store.policies import documents, results
from appproxy.store.policies.documents import DocumentKind, Stored
from appproxy.store.policies.references import Names, device_id, relying_parties, resolved
from appproxy.store.roles import assignments as role_assignments
from appproxy.store.snapshot import BUILTIN, DeviceAuthority
from appproxy.store.tables.core import GROUP, USER, assignments, break_glass
from appproxy.store.tables.core import users as user_table
from appproxy.store.transaction import Reading, Transaction


@dataclass(frozen=True, slots=True)
class Assignable:
    """Somebody whom an application may be assigned to."""

    provider: str
    subject: str
    groups: tuple[str, ...] = ()


def put(tx: Transaction, name: str, document: object, *, force: bool = False) -> Stored:
    """Keep a policy. Raises ConfigError or NotFound, both with the path to what is wrong; and, unless forced, ConfigError when
    nobody could use some application any more.
    """
    document = _named(document, name)
    read_policy(document)
    kept = resolved(tx, document)
    policy = read_policy(kept)
    before = {one.name: one for one in documents.list_all(tx, DocumentKind.POLICY)}
    old = before.pop(policy.name, None)
    # Sessions hold only the groups that were named when they began.
    known = _named_groups(tx) | {group for one in before.values() for group in read_policy(one.document).groups()}
    since = 0.0 if old is None else old.groups_since
    if set(policy.groups()) - known - (set() if old is None else set(read_policy(old.document).groups())):
        since = tx.now
    made = documents.put(tx, DocumentKind.POLICY, policy.name, kept, since)
    if old is not None and _meaning(old.document) != _meaning(made.document):
        results.forget(tx, old.id)
    if not force and (without := without_anybody(tx)):
        raise ConfigError(f"with this policy nobody could use {', '.join(without)}",
                          hint="exclude somebody, add a condition, or use --force")
    return made


def _meaning(document: Mapping[str, object]) -> Mapping[str, object]:
    """All of a policy but what makes no difference to whom it would touch."""
    return {key: value for key, value in document.items() if key not in ("state", "message")}


def put_location(tx: Transaction, name: str, document: object) -> Stored:
    """Keep a named location. Raises ConfigError."""
    read = read_location(_named(document, name))
    kept: dict[str, object] = {
        "networks": list(read.networks), "countries": sorted(read.countries), "trusted": read.trusted}
    return documents.put(tx, DocumentKind.LOCATION, read.name, kept)


def put_context(tx: Transaction, name: str, document: object) -> Stored:
    """Keep an authentication context. Raises ConfigError or NotFound."""
    document = _named(document, name)
    read = read_context(document)
    return documents.put(tx, DocumentKind.CONTEXT, read.name, resolved(tx, document))


def put_strength(tx: Transaction, name: str, document: object) -> Stored:
    """Keep an authentication strength. Raises ConfigError or NotFound."""
    document = _named(document, name)
    read = read_strength(document)
    for number, proof in enumerate(read.proofs):
        if proof.provider:
            try:
                providers.find(tx, proof.provider)
            except names.NotFound as error:
                raise error.at(f"any_of[{number}].provider") from None
    ways = [
        {"provider": providers.find(tx, one.provider).id if one.provider else "", "acr": one.acr, "amr": sorted(one.amr)}
        if one.device is None else _device(tx, one.device, number) for number, one in enumerate(read.proofs)
    ]
    return documents.put(tx, DocumentKind.STRENGTH, read.name, {"any_of": ways})


def _device(tx: Transaction, wanted: DevicePattern, number: int) -> dict[str, object]:
    """As it is kept. Raises NotFound."""
    try:
        return {"device": device_id(tx, wanted.authority), "subject": dict(wanted.subject)}
    except names.NotFound as error:
        raise error.at(f"any_of[{number}].device") from None


def remove(tx: Transaction, kind: DocumentKind, name: str) -> Stored:
    """Forget a document; gives what it was. Raises NotFound, or AlreadyThere when a policy still names it."""
    found = documents.find(tx, kind, name)
    if kind is not DocumentKind.POLICY and not (kind is DocumentKind.STRENGTH and found.name in BUILT_IN):
        for policy in documents.list_all(tx, DocumentKind.POLICY):
            if found.name in _mentioned(policy.document, kind):
                raise names.AlreadyThere(f"the policy {policy.name!r} still names the {kind.value} {found.name!r}",
                                         hint="change that policy first")
    return documents.remove(tx, kind, found.id)


def exempt(reading: Reading) -> frozenset[tuple[str, str]]:
    """Whom no policy concerns: providers and subjects."""
    return frozenset((row["provider"], row["subject"]) for row in reading.rows(sa.select(break_glass)))


def set_exempt(tx: Transaction, user: str, *, wanted: bool) -> tuple[str, str]:
    """Make a user of the built-in provider one whom no policy concerns, or no longer; gives id and name. Raises NotFound."""
    found = users.find(tx, user)
    there = (BUILTIN, found.id) in exempt(tx)
    if wanted and not there:
        tx.change(sa.insert(break_glass).values(provider=BUILTIN, subject=found.id))
    elif not wanted:
        if not there:
            there_are = {subject for provider, subject in exempt(tx) if provider == BUILTIN}
            raise names.not_found("break-glass user", user, names.by_id(tx, user_table, there_are).values())
        tx.change(sa.delete(break_glass).where(break_glass.c.subject == found.id, break_glass.c.provider == BUILTIN))
    return found.id, found.name


def read_all(reading: Reading, tagged: Tagged | None = None) -> list[Policy]:
    """All policies; `tagged`: where that is known already. Raises ConfigError for a document that cannot be read."""
    if tagged is None:
        tagged = _tagged(reading)
    return [read_policy(one.document, one.groups_since, tagged) for one in documents.list_all(reading, DocumentKind.POLICY)]


def policy_set(
    reading: Reading, locations: Locations | None = None, tagged: Tagged | None = None,
    known: Mapping[str, DeviceAuthority] | None = None, *, reporting: bool = False,
) -> PolicySet:
    """The set that a node judges by; or what those come to that are only reported. `known`: device authorities as a snapshot
    has them. Raises ConfigError.
    """
    if tagged is None:
        tagged = _tagged(reading)
    strengths = strengths_of(one.document for one in documents.list_all(reading, DocumentKind.STRENGTH))
    contexts = Contexts(read_context(one.document, tagged) for one in documents.list_all(reading, DocumentKind.CONTEXT))
    return PolicySet(
        read_all(reading, tagged), locations or read_locations(reading), strengths, exempt(reading), contexts,
        authorities.trusted(reading) if known is None else authorities.devices(known), reporting=reporting)


def tags(published: Iterable[Application]) -> dict[str, frozenset[str]]:
    """Ids of applications by tag."""
    found: dict[str, set[str]] = {}
    for one in published:
        for tag in one.tags:
            found.setdefault(tag, set()).add(one.id)
    return {tag: frozenset(ids) for tag, ids in found.items()}


def _tagged(reading: Reading) -> Tagged:
    """Ids of applications by tag, where that is of any moment: reading all applications takes a quarter of a second."""
    return tags(applications.list_all(reading)) if names_tags(reading) else {}


def names_tags(reading: Reading) -> bool:
    """Does any policy or context name a tag?"""
    return any(
        text.startswith(TAG)
        for kind in (DocumentKind.POLICY, DocumentKind.CONTEXT) for one in documents.list_all(reading, kind)
        for texts in cast("Mapping[str, Sequence[str]]", one.document["applications"]).values() for text in texts)


def read_locations(reading: Reading, country_of: CountryOf = no_country) -> Locations:
    """All named locations. Raises ConfigError."""
    return Locations((read_location(one.document) for one in documents.list_all(reading, DocumentKind.LOCATION)), country_of)


def without_anybody(reading: Reading) -> list[str]:
    """The names of applications and relying parties that nobody could use, whatever they prove, of those that somebody may.

    The administration is among them; its people are those who administer for good.
    """
    policies = read_all(reading)
    if not any(policy.grant.block and not policy.conditions for policy in policies):
        return []
    there = {one.id: one for one in applications.list_all(reading) if not one.passthrough}
    elsewhere = relying_parties(reading)

    def may_use(application: str, one: Assignable) -> bool:
        if application in elsewhere:
            return one.provider == BUILTIN
        found = there[application]
        access = found.access_of(one.provider)
        return access is not None and (not found.assignment_required or is_assigned(access, one.subject, one.groups))

    called = {**{id_: one.name for id_, one in there.items()}, **elsewhere}
    found = locked(policies, called, people(reading), may_use, exempt(reading))
    closed = [ADMINISTRATION_NAME] if locks_administrators_out(reading) else []
    return [*(called[application] for application in found), *closed]


def locks_administrators_out(reading: Reading) -> bool:
    """Could none of those who administer for good open the administration, whatever they prove?"""
    blocking = [one for one in read_all(reading) if one.grant.block and not one.conditions and one.is_for(ADMINISTRATION)]
    return bool(blocking and locked(
        blocking, (ADMINISTRATION,), administrators(reading), lambda _, __: True, exempt(reading)))


def administrators(reading: Reading) -> Sequence[Assignable]:
    """Who has the role of administrators for all and for good, as far as is known here: as `has_person` counts them."""
    held = {
        (one.provider, one.kind, one.value) for one in role_assignments.list_all(reading)
        if one.role == ADMINISTRATOR and not one.application and not one.expires}
    own = [
        one for one in people(reading)
        if one.provider == BUILTIN and held & {(BUILTIN, USER, one.subject), *((BUILTIN, GROUP, id_) for id_ in one.groups)}]
    return [*own, *(Assignable(provider, value) for provider, kind, value in held if kind == USER and provider != BUILTIN)]


def people(reading: Reading) -> Sequence[Assignable]:
    """Users of the built-in provider who may sign in, and whoever of other providers some application is assigned to."""
    groups = user_groups.ids_by_user(reading)
    own = [Assignable(BUILTIN, id_, tuple(groups.get(id_, ()))) for id_ in users.enabled(reading)]
    table = assignments.c
    rows = reading.connection.execute(sa.select(table.provider, table.kind, table.value).distinct())
    others = [
        Assignable(provider, "", (value,)) if kind == GROUP else Assignable(provider, value)
        for provider, kind, value in rows if provider != BUILTIN
    ]
    return [*own, *others]


def faults(reading: Reading) -> list[dict[str, str]]:
    """What is wrong with the policies that are there, as `policy` and `problem`."""
    kept = [one for kind in (DocumentKind.POLICY, DocumentKind.CONTEXT) for one in documents.list_all(reading, kind)]
    called = Names.of(reading, [one.document for one in kept])
    found = [
        {"policy": one.name, "problem": f"{path}: what it names is not there any more"}
        for one in kept for path in called.gone(one.document)
    ]
    return [*found, *({"policy": "", "problem": f"nobody can use {name}"} for name in without_anybody(reading))]


def _named(document: object, name: str) -> Mapping[str, object]:
    """The document, with its name where it has none. Raises ConfigError when it has another."""
    if not isinstance(document, dict):
        raise ConfigError("document: a table is needed")
    if document.get("name", name) != name:
        raise ConfigError(f"name: the document says {document['name']!r}, and not {name!r}", hint="leave it out")
    return {**document, "name": name}


def known_groups(reading: Reading) -> set[tuple[str, str]]:
    """The groups that some assignment or policy names, each with its provider: all that sessions hold."""
    return _named_groups(reading) | {group for one in read_all(reading) for group in one.groups()}


def _named_groups(reading: Reading) -> set[tuple[str, str]]:
    """The groups that some assignment names."""
    table = assignments.c
    rows = reading.connection.execute(sa.select(table.provider, table.value).where(table.kind == GROUP).distinct())
    return {(provider, value) for provider, value in rows}


def _mentioned(document: Mapping[str, object], kind: DocumentKind) -> set[str]:
    """The names of locations, contexts or strengths in a policy's document."""
    key = f"{kind.value}s"
    conditions, grant = document.get("conditions"), document.get("grant")
    found: set[str] = set()
    if isinstance(conditions, dict):
        for texts in conditions.get(key, {}).values():
            found |= set(texts)
    if kind is DocumentKind.STRENGTH and isinstance(grant, dict):
        found |= set(grant.get("require", ()))
    return found
