"""The configuration that is there, as a document with all fields; and as it is shown, without secrets and defaults."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from appproxy.admin.base.moments import moment_text
from appproxy.admin.configuration.sections import (
    BRANDING,
    EXPIRES,
    FORMAT,
    FORMAT_KEY,
    NEEDED,
    OF_BUILTIN,
    SECTIONS,
    UNSAID,
    Document,
    Entry,
    Field,
    FieldForm,
    Section,
)
from appproxy.admin.people.clients import client_record
from appproxy.admin.people.directories import directory_record
from appproxy.admin.people.providers import provider_record
from appproxy.admin.publishing.cors import cors_record
from appproxy.pki.pem import split_chain
from appproxy.publish.application import Application, ProviderAccess
from appproxy.publish.settings.request_fields import may_be_secret
from appproxy.publish.settings.texts import check_texts
from appproxy.store import names
from appproxy.store.applications import applications, logos
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.devices import authorities
from appproxy.store.devices.authorities import AuthorityRecord
from appproxy.store.machines import clients, native_clients
from appproxy.store.people import directories, providers
from appproxy.store.people.factors import second_factor_rules
from appproxy.store.policies import documents, policies
from appproxy.store.policies.documents import DocumentKind, Stored
from appproxy.store.policies.references import Names
from appproxy.store.roles import assignments as roles
from appproxy.store.service import branding
from appproxy.store.snapshot import BUILTIN, OWN_AUTHORITY, TOKEN, ProviderRecord
from appproxy.store.tables import core as schema
from appproxy.store.tables.directories import directory_groups
from appproxy.store.transaction import Reading

#: Documents that name things by their ids where they are kept.
_KINDS = {
    "locations": DocumentKind.LOCATION, "strengths": DocumentKind.STRENGTH, "contexts": DocumentKind.CONTEXT,
    "policies": DocumentKind.POLICY,
}
#: Of a provider that knows no secret of ours; no field of a document.
_PUBLIC = "public"
_NO_VARIABLE = re.compile(r"[^A-Z0-9]+")


def configuration(reading: Reading, now: float) -> Document:
    """All of it; of what is for a time what has not ended at `now`, in seconds since 1970.

    Secrets are in none of it, but for settings named `request.NAME`: those are for nobody's eyes.
    """
    called = Names.now(reading)
    found: dict[str, list[Entry]] = {
        "connector_groups": [
            {"id": one.id, "name": one.name, "needs_approval": one.needs_approval}
            for one in connector_groups.list_all(reading)],
        "groups": _groups(reading),
        "providers": [_provider(one) for one in providers.list_all(reading)],
        "directories": [_chosen("directories", directory_record(one)) for one in directories.list_all(reading)],
        "device_authorities": [_device_authority(one) for one in authorities.list_all(reading)],
        **{section: [_document(one, kind, called) for one in documents.list_all(reading, kind)]
           for section, kind in _KINDS.items()},
        "applications": _applications(reading, called, now),
        "second_factors": [{"group": one.group, "grace": one.grace} for one in second_factor_rules.list_all(reading)],
        "break_glass": [
            {"user": called.users[subject]} for provider, subject in policies.exempt(reading)
            if provider == BUILTIN and subject in called.users],
        "native_clients": [
            {"id": one.id, "name": one.name, "redirect_uris": list(one.redirect_uris), "device_codes": one.device_codes,
             "applications": sorted(called.applications[id_] for id_ in one.applications)}
            for one in native_clients.list_all(reading)],
        "clients": [_chosen("clients", client_record(one)) for one in clients.list_all(reading)],
        "roles": _roles(reading, called),
    }  # fmt: skip
    listed = {name: sorted(found[name], key=_order(section)) for name, section in SECTIONS.items()}
    return {FORMAT_KEY: FORMAT, **listed, BRANDING: dict(sorted(branding.get(reading).items()))}


def _order(section: Section) -> Callable[[Entry], list[str]]:
    return lambda entry: [names.key(str(entry.get(field, ""))) for field in section.key]


def _chosen(section: str, record: Mapping[str, object]) -> Entry:
    """The fields of a section, of what the admin API says of a thing."""
    return {field.name: record[field.name] for field in SECTIONS[section].fields if field.name in record}


def _provider(one: ProviderRecord) -> Entry:
    made = _chosen("providers", provider_record(one))
    if one.id == BUILTIN:
        return {name: made[name] for name in OF_BUILTIN}
    return {**made, _PUBLIC: not one.client_secret}


def _device_authority(one: AuthorityRecord) -> Entry:
    """The service's own has a certificate of this installation, which means nothing elsewhere."""
    sources = one.authority.sources
    pem = "" if one.id == OWN_AUTHORITY else plain_chain("".join(one.authority.certificates))
    return {"id": one.id, "name": one.name, "certificate": pem, "crl_urls": list(sources.crl_urls),
            "ocsp": list(sources.ocsp), "ocsp_soft": sources.ocsp_soft}


def plain_chain(pem: str) -> str:
    """The certificates of a PEM text alone: what else is in the file, and how its lines end, makes no difference."""
    return "".join(f"{one.strip()}\n" for one in split_chain(pem.replace("\r\n", "\n")))


def _groups(reading: Reading) -> list[Entry]:
    """Those of our own: whoever wants one of a directory has to ask the directory."""
    foreign = sa.select(directory_groups.c.group_id)
    rows = reading.rows(sa.select(schema.user_groups).where(schema.user_groups.c.id.not_in(foreign)))
    return [{"id": row["id"], "name": row["name"]} for row in rows]


def _document(one: Stored, kind: DocumentKind, called: Names) -> Entry:
    shown = dict(one.document)
    if kind in (DocumentKind.POLICY, DocumentKind.CONTEXT):
        shown = called.shown(one.document)
    elif kind is DocumentKind.STRENGTH:
        shown = called.shown_strength(one.document)
    return {"id": one.id, **shown, "name": one.name}


def _applications(reading: Reading, called: Names, now: float) -> list[Entry]:
    groups = {one.id: one.name for one in connector_groups.list_all(reading)}
    texts, pictures = applications.all_texts(reading), logos.all_pictures(reading)
    return [
        {**_application(one, texts[one.id], groups, called), "assignments": _assignments(one, called, now),
         "logo": b64encode(pictures.get(one.id, b"")).decode("ascii")}
        for one in applications.list_all(reading)
    ]


def _application(one: Application, texts: Mapping[str, str], groups: Mapping[str, str], called: Names) -> Entry:
    return {
        "id": one.id, "name": one.name, "external": str(one.external), "internal": str(one.internal),
        "preauth": one.preauthentication.value, "connector_group": groups[one.connector_group],
        "providers": [called.providers[provider] for provider in one.providers],
        "settings": {key: text for key, text in sorted(check_texts(texts).items()) if text},
        "segments": [{"external": str(each.external), "internal": str(each.internal)} for each in one.segments],
        "cors": [cors_record(rule) for rule in one.cors],
    }  # fmt: skip


def _assignments(one: Application, called: Names, now: float) -> list[Entry]:
    """Those of the providers that the application has, whom it lets in now."""
    found = []
    own: Sequence[Application | ProviderAccess] = (one, *one.other_providers)
    for access in own:
        provider = access.provider
        of = ((schema.USER, access.assigned_users, access.ending_users, access.maintaining_users, called.users),
              (schema.GROUP, access.assigned_groups, access.ending_groups, access.maintaining_groups, called.groups))
        for kind, lasting, ending, maintaining, known in of:
            for value, ends in (*((value, 0.0) for value in lasting), *ending):
                if ends and int(ends) <= now:
                    continue  # the whole second is what a document says
                name = known.get(value, value) if provider == BUILTIN else value
                found.append({"user": "", "group": "", kind: name, "provider": called.providers[provider],
                              "maintainer": value in maintaining, EXPIRES: moment_text(ends) if ends else ""})
    return sorted(found, key=lambda entry: [str(entry[key]) for key in ("provider", "group", "user")])


def _roles(reading: Reading, called: Names) -> list[Entry]:
    """Those of people, given for good: what ends by itself, and what tokens have, is no configuration."""
    found = []
    for one in roles.list_all(reading):
        if one.kind == TOKEN or one.expires:
            continue
        known = called.users if one.kind == schema.USER else called.groups
        name = known.get(one.value, one.value) if one.provider == BUILTIN else one.value
        found.append({
            "role": one.role, "user": "", "group": "", one.kind: name, "provider": called.providers[one.provider],
            "application": called.applications[one.application] if one.application else ""})
    return found


def shown(document: Document) -> Document:
    """A document with all fields as people read it: without defaults, and with references in place of secrets."""
    made: Document = {FORMAT_KEY: FORMAT}
    variables: set[str] = set()
    for name, section in SECTIONS.items():
        if document[name]:
            made[name] = [_shown_entry(section, entry, variables) for entry in document[name]]
    if document[BRANDING]:
        made[BRANDING] = document[BRANDING]
    return made


def _shown_entry(section: Section, entry: Entry, variables: set[str]) -> Entry:
    made = _without_defaults(section.fields, entry)
    if section.name == "applications" and "assignments" in made:
        first = entry["providers"][0]
        for one in made["assignments"]:
            if one.get("provider") == first:
                del one["provider"]
    if section.name == "applications" and entry["providers"] == [BUILTIN]:
        made.pop("providers", None)
    if section.name == "providers" and entry["id"] == BUILTIN:
        return made
    for field in section.fields:
        if field.form is FieldForm.SECRET and not entry.get(_PUBLIC):
            made[field.name] = _reference(section.one, entry["name"], field.name, variables)
        elif field.form is FieldForm.SETTINGS and field.name in made:
            made[field.name] = {
                key: _reference(section.one, entry["name"], key, variables) if may_be_secret(key) else text
                for key, text in made[field.name].items()}
    return made


def _reference(one: str, name: str, field: str, taken: set[str]) -> dict[str, str]:
    """Where a secret could be found: a variable that is named after whose it is. It is added to those that are taken, for
    other names may come to the same: `shop-1` and `shop 1`.
    """
    words = _NO_VARIABLE.sub("_", f"{one} {name} {field}".upper()).strip("_")
    variable, number = f"APPPROXY_{words}", 1
    while variable in taken:
        number += 1
        variable = f"APPPROXY_{words}_{number}"
    taken.add(variable)
    return {"environment": variable}


def _without_defaults(fields: Sequence[Field], entry: Mapping[str, Any]) -> Entry:
    made: Entry = {}
    for field in fields:
        value = entry.get(field.name)
        if value is None or (field.default not in (NEEDED, UNSAID) and _plain(value) == _plain(field.default)):
            continue
        entries = field.form is FieldForm.ENTRIES
        made[field.name] = [_without_defaults(field.fields, one) for one in value] if entries else value
    return made


def _plain(value: Any) -> Any:
    """What is compared, however it is kept."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else value
