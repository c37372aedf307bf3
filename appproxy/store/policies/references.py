"""What policies name: in documents of admins by names, in what is kept by ids, so that nobody inherits what was another's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from appproxy.policy.conditional.documents.naming import ALL, RELYING_PARTY, TAG, split_who
from appproxy.policy.conditional.documents.strengths import BUILT_IN
from appproxy.policy.conditional.locations import TRUSTED
from appproxy.policy.conditional.parts.devices import PROVED
from appproxy.publish.administration import ADMINISTRATION
from appproxy.publish.administration import NAME as ADMINISTRATION_NAME
from appproxy.publish.application import Application
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.devices import authorities
from appproxy.store.machines import clients
from appproxy.store.people import providers, user_groups, users
from appproxy.store.policies import documents
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables import core as schema
from appproxy.store.tables import machines
from appproxy.store.transaction import Reading

Document = Mapping[str, object]
_Change = Callable[[str, str], str]


def resolved(reading: Reading, document: Document) -> dict[str, object]:
    """A policy's document with ids in place of names. The document is one that `read_policy` takes.

    Raises NotFound, which begins with the path to the wrong name.
    """
    return each_named(document, {
        "users": lambda text, path: _who(reading, text, path),
        "applications": lambda text, _: _application(reading, text),
        "providers": lambda text, _: providers.find(reading, text).id,
        "devices": lambda text, _: device_id(reading, text),
        "contexts": lambda text, _: documents.find(reading, DocumentKind.CONTEXT, text).name,
        "locations": lambda text, _: text if text == TRUSTED else documents.find(reading, DocumentKind.LOCATION, text).name,
        "strengths": lambda text, _: strength_name(reading, text),
    })


def device_id(reading: Reading, text: str) -> str:
    """The id of a device authority, or `proved`. Raises NotFound."""
    return text if text == PROVED else authorities.find(reading, text).id


def _devices(reading: Reading) -> dict[str, str]:
    return {PROVED: PROVED, **{one.id: one.name for one in authorities.list_all(reading)}}


def _tags(published: Iterable[Application]) -> dict[str, str]:
    """All that any of these has, as policies name them."""
    return {TAG + tag: TAG + tag for one in published for tag in one.tags}


def relying_parties(reading: Reading, ids: Iterable[str] | None = None) -> dict[str, str]:
    """What policies call those of these ids, by id; None: all."""
    return {id_: RELYING_PARTY + name for id_, name in names.by_id(reading, machines.clients, ids).items()}


def applications_called(reading: Reading, ids: Collection[str]) -> dict[str, str]:
    """What policies call applications of these ids, and relying parties, by id; what is gone is missing."""
    return {**names.by_id(reading, schema.applications, ids), **relying_parties(reading, ids)}


def _application(reading: Reading, text: str) -> str:
    """An id; or a tag that some application has, so that no policy is for nothing by a slip. Raises NotFound."""
    if text == ADMINISTRATION_NAME:
        return ADMINISTRATION
    if text.startswith(RELYING_PARTY):
        return clients.find(reading, text.removeprefix(RELYING_PARTY)).id
    if not text.startswith(TAG):
        return applications.find(reading, text).id
    known = {tag for one in applications.list_all(reading) for tag in one.tags}
    if text.removeprefix(TAG) not in known:
        raise names.not_found("application with the tag", text.removeprefix(TAG), known)
    return text


def strength_name(reading: Reading, text: str) -> str:
    """The name of a strength as it is written. Raises NotFound."""
    if text in BUILT_IN:
        return text
    try:
        return documents.find(reading, DocumentKind.STRENGTH, text).name
    except names.NotFound:
        raise names.not_found("strength", text, {
            *BUILT_IN, *documents.names_of(reading, DocumentKind.STRENGTH)}) from None


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called now; one that is gone is shown as it is kept."""

    users: Mapping[str, str]
    groups: Mapping[str, str]
    applications: Mapping[str, str]
    providers: Mapping[str, str]
    #: As policies name them.
    tags: Mapping[str, str]
    #: Device authorities.
    devices: Mapping[str, str]

    @classmethod
    def now(cls, reading: Reading) -> Names:
        """As the database has them."""
        published = applications.list_all(reading)
        return cls(
            names.by_id(reading, schema.users),
            names.by_id(reading, schema.user_groups),
            {ADMINISTRATION: ADMINISTRATION_NAME, **{one.id: one.name for one in published}, **relying_parties(reading)},
            names.by_id(reading, schema.providers),
            _tags(published),
            _devices(reading),
        )

    @classmethod
    def of(cls, reading: Reading, kept: Iterable[Document]) -> Names:
        """The same, of what these documents name alone, which is enough for them, and for strengths."""
        users, groups, published = set[str](), set[str](), set[str]()

        def who(text: str, path: str) -> str:
            _, kind, value = split_who(text, path)
            (users if kind == "user" else groups).add(value)
            return text

        def application(text: str, path: str) -> str:
            published.add(text)
            return text

        for document in kept:
            each_named(document, {"users": who, "applications": application})
        tags = any(text.startswith(TAG) for text in published)
        return cls(
            names.by_id(reading, schema.users, users), names.by_id(reading, schema.user_groups, groups),
            {ADMINISTRATION: ADMINISTRATION_NAME, **applications_called(reading, published)},
            names.by_id(reading, schema.providers), _tags(applications.list_all(reading)) if tags else {}, _devices(reading),
        )

    def shown(self, document: Document) -> dict[str, object]:
        """A kept document with names, as an admin would write it."""
        return each_named(document, {
            "users": lambda text, path: self._who(text, path),
            "applications": lambda text, _: self.applications.get(text, text),
            "providers": lambda text, _: self.providers.get(text, text),
            "devices": lambda text, _: self.devices.get(text, text),
        })

    def shown_strength(self, document: Document) -> dict[str, object]:
        """The same of a strength's."""
        called = {"provider": self.providers, "device": self.devices}
        ways = cast("list[Document]", document["any_of"])
        return {**document, "any_of": [
            {key: called[key].get(str(value), value) if key in called else value for key, value in way.items() if value}
            for way in ways]}

    def gone(self, document: Document) -> list[str]:
        """Paths of what a kept document names and what is not there any more."""
        found: list[str] = []

        def note(known: Mapping[str, str]) -> _Change:
            def look(text: str, path: str) -> str:
                if text not in known:
                    found.append(path)
                return text

            return look

        def who(text: str, path: str) -> str:
            provider, kind, value = split_who(text, path)
            known = self.users if kind == "user" else self.groups
            if provider not in self.providers or (provider == BUILTIN and value not in known):
                found.append(path)
            return text

        each_named(document, {
            "users": who, "applications": note({**self.applications, **self.tags}), "providers": note(self.providers),
            "devices": note(self.devices)})
        return found

    def _who(self, text: str, path: str) -> str:
        provider, kind, value = split_who(text, path)
        if provider == BUILTIN:
            return f"{kind}:{(self.users if kind == 'user' else self.groups).get(value, value)}"
        return f"{self.providers.get(provider, provider)}/{kind}:{value}"


def _who(reading: Reading, text: str, path: str) -> str:
    provider, kind, value = split_who(text, path)
    id_ = providers.find(reading, provider).id
    if id_ == BUILTIN:
        value = users.find(reading, value).id if kind == "user" else user_groups.find(reading, value).id
    return f"{id_}/{kind}:{value}"


def each_named(document: Document, changes: Mapping[str, _Change]) -> dict[str, Any]:
    """A copy with each named text changed; `changes` by what is named."""
    made = dict(document)
    for key in ("users", "applications"):
        if key in made and key in changes:
            made[key] = _lists(made[key], key, changes[key])
    conditions = made.get("conditions")
    if isinstance(conditions, Mapping):
        made["conditions"] = {
            key: _lists(value, f"conditions.{key}", changes[key]) if key in changes else value
            for key, value in conditions.items()
        }
    grant = made.get("grant")
    if isinstance(grant, Mapping) and "require" in grant and "strengths" in changes:
        made["grant"] = {**grant, "require": _texts(grant["require"], "grant.require", changes["strengths"])}
    return made


def _lists(value: object, path: str, change: _Change) -> object:
    return {key: _texts(texts, f"{path}.{key}", change) for key, texts in cast("Document", value).items()}


def _texts(value: object, path: str, change: _Change) -> list[str]:
    made = []
    for number, text in enumerate(cast("list[str]", value)):
        where = f"{path}[{number}]"
        try:
            made.append(text if text == ALL else change(text, where))
        except names.NotFound as error:
            raise error.at(where) from None
    return made
