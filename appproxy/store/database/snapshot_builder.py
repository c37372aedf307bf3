"""From the tables to the snapshot: part by part, what did not change shared with the snapshot before."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from appproxy.policy.conditional.compiled import NO_POLICIES, PolicySet
from appproxy.policy.conditional.locations import Locations, no_country
from appproxy.policy.lifetimes import Lifetimes
from appproxy.publish.administration import Holders, administration_at
from appproxy.publish.application import Application, Segment
from appproxy.publish.cors import CorsRule
from appproxy.publish.portal import Portal, portal_at
from appproxy.publish.routing import Router
from appproxy.publish.urls import Translation
from appproxy.store.applications import cors_rules, further_providers, logos
from appproxy.store.applications.row import Assigned, application_of, segment_of
from appproxy.store.certificates.acme import challenges
from appproxy.store.certificates.certificates import served
from appproxy.store.devices.authorities import bounded
from appproxy.store.machines import clients, native_clients
from appproxy.store.machines.service_tokens import snapshot_tokens
from appproxy.store.people.providers import list_all as list_providers
from appproxy.store.policies import documents, policies
from appproxy.store.policies.countries import CountryDatabase
from appproxy.store.risk import risky_users
from appproxy.store.roles import assignments as role_assignments
from appproxy.store.roles import entitlements
from appproxy.store.service import settings as service_settings
from appproxy.store.service.branding import brand_of
from appproxy.store.service.keys import read_sealing_keys, trust_bundle
from appproxy.store.service.place import RESERVED
from appproxy.store.snapshot import (
    BUILTIN,
    TOKEN,
    ConnectorRecord,
    ConnectorState,
    Entitlement,
    ProviderRecord,
    RoleAssignment,
    Snapshot,
)
from appproxy.store.tables import certificates as schema_certificates
from appproxy.store.tables import core as schema
from appproxy.store.tables import devices as schema_devices
from appproxy.store.tables import machines as schema_machines
from appproxy.store.tables import panel as schema_panel
from appproxy.store.tables import risk as schema_risk
from appproxy.store.tables import roles as schema_roles
from appproxy.store.transaction import ALL, Reading, part_revisions

_DEVICES = (schema_devices.device_authorities, schema_devices.device_revocations, schema_devices.device_answers)
#: For each field of the snapshot, the tables that it is made of.
PARTS: Mapping[str, tuple[sa.Table, ...]] = {
    "applications": (schema.applications, schema.application_providers, schema.segments, schema.assignments,
                     schema.cors_rules),
    "connectors": (schema.connectors,),
    "connector_groups": (schema.connector_groups,),
    "providers": (schema.providers, schema.client_keys, schema.encryption_keys),
    "keys": (schema.sealing_keys,),
    "trust_bundle": (schema.authorities,),
    "revoked_sessions": (schema.revoked_sessions,),
    "not_before": (schema.not_before,),
    "settings": (schema.settings,),
    "certificates": (schema_certificates.certificates,),
    "challenges": (schema_certificates.acme_challenges,),
    "service_tokens": (schema_machines.service_tokens, schema_machines.service_token_applications,
                       schema_roles.role_assignments),
    "device_authorities": _DEVICES,
    "policies": (schema.policy_documents, schema.break_glass, *_DEVICES),
    "user_risks": (schema_risk.risky_users,),
    "native_clients": (schema_machines.native_clients, schema_machines.native_client_applications),
    "relying_parties": (schema_machines.clients,),
    "roles": (schema_roles.role_assignments,),
    "entitlements": (schema_roles.role_entitlements,),
    "logos": (schema_panel.application_logos,),
}
_DOMAIN = service_settings.DOMAIN
#: What an application is made of: its row, its assignments, its segments and CORS rules, and its other providers.
_Source = tuple[tuple[object, ...], frozenset[Assigned], tuple[Segment, ...], tuple[CorsRule, ...], tuple[str, ...]]
_NOBODY: frozenset[Assigned] = frozenset()
T = TypeVar("T")
#: The id comes first.
_APPLICATIONS = sa.select(schema.applications).order_by(schema.applications.c.name_key)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's cyclic collector, which would look at all that is being made again and again and find nothing to
    free: with 10,000 applications that is three quarters of the time of a snapshot.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Builder:
    """Builds snapshots and remembers what the last one was made of."""

    def __init__(self) -> None:
        #: Where the countries of addresses are known from; None: from nowhere.
        self.countries: CountryDatabase | None = None
        #: How long what was heard of revocations counts, over a clock that is set; and the offset of the last snapshot.
        self.lifetimes = Lifetimes()
        self._offset: float | None = None
        self._last: Snapshot | None = None
        self._revisions: Mapping[str, int] = {}
        self._sources: dict[str, tuple[_Source, Application]] = {}
        #: What applications have in other tables than their own, by table: as it was read at a revision of that.
        self._beside: dict[str, tuple[int | None, Mapping[str, Any]]] = {}
        #: Named locations, and the versions of those that they were made of.
        self._locations: tuple[frozenset[tuple[str, int]], Locations] | None = None
        #: Ids of applications by tag, as the last one had them; and whether any policy names a tag.
        self._tags: Mapping[str, frozenset[str]] = {}
        self._names_tags = False

    def build(self, reading: Reading, previous: Snapshot | None) -> Snapshot:
        """The picture of the store; parts that did not change since `previous` are its very objects.

        Raises StoreError or ConfigError when a row cannot be understood; then nothing is remembered of it.
        """
        found = part_revisions(reading)
        last = self._last if previous is not None and previous is self._last else None
        if last is None:
            self._beside.clear()
        elsewhere = self.countries is not None and self.countries.refresh()
        if elsewhere:
            self._locations = None
        # Verdicts that are remembered were made by another time: with another snapshot all are made again.
        was_set = self.lifetimes.offset != self._offset
        if last is not None and found.get(ALL, 0) == last.revision and not elsewhere and not was_set:
            return last
        parts, tags = self._parts(reading, last, found, elsewhere, was_set)
        same = last is not None and parts["settings"] is last.settings
        brand = last.brand if last is not None and same else brand_of(parts["settings"])
        domain = parts["settings"].get(service_settings.DOMAIN, "")
        if (
            last is not None and parts["applications"] is last.applications
            and domain == last.settings.get(service_settings.DOMAIN, "")
        ):
            router, urls, portal = last.router, last.urls, last.portal
        else:
            published = parts["applications"].values()
            portal = _portal(parts["settings"], published)
            reserved = [f"{name}.{domain}" for name in RESERVED]
            router = Router(published, reserved, None if last is None else last.router)
            urls = Translation(published, reserved, None if last is None else last.urls)
        if last is not None and _same(parts, last, "roles", "entitlements") and domain == last.settings.get(_DOMAIN, ""):
            administration = last.administration
        else:
            administration = _administration(parts["settings"], [*parts["roles"], *parts["entitlements"]])
        kept = last is not None and parts["policies"] is last.policies
        reported = last.reported if last is not None and kept else parts["policies"].reporting()
        self._last = Snapshot(
            revision=found.get(ALL, 0), router=router, urls=urls, brand=brand, portal=portal, reported=reported,
            administration=administration, **parts)
        self._revisions, self._tags, self._offset = found, tags, self.lifetimes.offset
        return self._last

    def _parts(
        self, reading: Reading, last: Snapshot | None, found: Mapping[str, int], elsewhere: bool, was_set: bool
    ) -> tuple[dict[str, Any], Mapping[str, frozenset[str]]]:
        """Those of `PARTS`, and the applications by tag."""
        parts: dict[str, Any] = {}
        tags = self._tags
        for name, tables in PARTS.items():
            same = all(found.get(t.name) == self._revisions.get(t.name) for t in tables)
            if name in ("policies", "device_authorities"):
                same = same and not was_set
            if name == "policies":
                # Applications by tag are part of the policies that name tags.
                if last is None or parts["applications"] is not last.applications:
                    tags = policies.tags(parts["applications"].values())
                same = same and not elsewhere and (tags == self._tags or not self._names_tags)
            if last is not None and same:
                parts[name] = getattr(last, name)
            elif name == "applications":
                parts[name] = self._applications(reading, found)
            else:
                parts[name] = self._policies(reading, tags) if name == "policies" else _BUILDERS[name](self, reading)
        return parts, tags

    def _applications(self, reading: Reading, found: Mapping[str, int]) -> dict[str, Application]:
        """All applications by id; those whose rows did not change are the same objects as before.

        `found`: the revision of each table.
        """
        assigned = self._read(reading, found, schema.assignments, _assigned)
        segments = self._read(reading, found, schema.segments, _segments)
        cors = self._read(reading, found, schema.cors_rules, cors_rules.by_application)
        others = self._read(reading, found, schema.application_providers, further_providers.by_application)
        sources: dict[str, tuple[_Source, Application]] = {}
        for row in reading.connection.execute(_APPLICATIONS).all():
            id_ = row[0]
            source = (tuple(row), assigned.get(id_, _NOBODY), segments.get(id_, ()), cors.get(id_, ()), others.get(id_, ()))
            known = self._sources.get(id_)
            if known is None or known[0] != source:
                known = (source, application_of(row._mapping, *source[1:]))
            sources[id_] = known
        self._sources = sources
        return {id_: application for id_, (_, application) in sources.items()}

    def _read(
        self, reading: Reading, found: Mapping[str, int], table: sa.Table, read: Callable[[Reading], Mapping[str, T]],
    ) -> Mapping[str, T]:
        """What applications have in this table, by their ids: read again where it has changed.

        Of one that was removed something may be left; no other gets its id.
        """
        revision = found.get(table.name)
        kept = self._beside.get(table.name)
        if kept is None or kept[0] != revision:
            kept = self._beside[table.name] = (revision, read(reading))
        return kept[1]

    def _policies(self, reading: Reading, tags: Mapping[str, frozenset[str]]) -> PolicySet:
        """Networks are many and change seldom: they are made ready again only when one of the locations has changed."""
        versions = frozenset((one.id, one.version) for one in documents.list_all(reading, documents.DocumentKind.LOCATION))
        if self._locations is None or self._locations[0] != versions:
            country_of = no_country if self.countries is None else self.countries.country_of
            self._locations = (versions, policies.read_locations(reading, country_of))
        made = policies.policy_set(reading, self._locations[1], tags, bounded(reading, self.lifetimes))
        self._names_tags = policies.names_tags(reading)
        return made if made.policies else NO_POLICIES


def _assigned(reading: Reading) -> dict[str, frozenset[Assigned]]:
    # Columns by place, and all rows at once: of 10,000 applications, taking them one by one, and columns by name, would be two
    # thirds of the time.
    table = schema.assignments.c
    columns = sa.select(table.application, table.provider, table.kind, table.value, table.maintainer, table.expires)
    found: dict[str, list[Assigned]] = {}
    for id_, *assigned in reading.connection.execute(columns).all():
        found.setdefault(id_, []).append(tuple(assigned))
    return {id_: frozenset(each) for id_, each in found.items()}


def _segments(reading: Reading) -> dict[str, tuple[Segment, ...]]:
    found: dict[str, list[Segment]] = {}
    for one in reading.rows(sa.select(schema.segments).order_by(schema.segments.c.external)):
        found.setdefault(one["application"], []).append(segment_of(one))
    return {id_: tuple(each) for id_, each in found.items()}


def _portal(settings: Mapping[str, str], published: Iterable[Application]) -> Portal:
    """Nobody's in a database that was not made by `appproxy init`."""
    domain, port = settings.get(service_settings.DOMAIN), settings.get(service_settings.PUBLIC_PORT, "443")
    return portal_at(f"apps.{domain}", int(port), published, BUILTIN) if domain else Portal()


def _same(parts: Mapping[str, Any], last: Snapshot, *names: str) -> bool:
    """Are these what they were in the last snapshot?"""
    return all(parts[name] is getattr(last, name) for name in names)


def _administration(settings: Mapping[str, str], assigned: Iterable[RoleAssignment | Entitlement]) -> Portal:
    """For all who have a role, or may ask for one, also one that has ended since: what it allows is asked with each request.
    """
    domain, port = settings.get(service_settings.DOMAIN), settings.get(service_settings.PUBLIC_PORT, "443")
    if not domain:
        return Portal()
    users: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    for one in assigned:
        if one.kind != TOKEN:
            (users if one.kind == schema.USER else groups).setdefault(one.provider, set()).add(one.value)
    holders = {
        provider: Holders(frozenset(users.get(provider, ())), frozenset(groups.get(provider, ())))
        for provider in users.keys() | groups.keys()
    }
    return administration_at(f"admin.{domain}", int(port), holders, BUILTIN)


def _connectors(_: Builder, reading: Reading) -> dict[str, ConnectorRecord]:
    return {
        row["id"]: ConnectorRecord(
            row["id"], row["name"], row["connector_group"], ConnectorState(row["state"]), row["not_after"]
        )
        for row in reading.rows(sa.select(schema.connectors))
    }


def _connector_groups(_: Builder, reading: Reading) -> dict[str, str]:
    return {row["id"]: row["name"] for row in reading.rows(sa.select(schema.connector_groups))}


def _providers(_: Builder, reading: Reading) -> dict[str, ProviderRecord]:
    return {provider.id: provider for provider in list_providers(reading)}


def _revoked_sessions(_: Builder, reading: Reading) -> frozenset[str]:
    return frozenset(reading.connection.scalars(sa.select(schema.revoked_sessions.c.id)))


def _not_before(_: Builder, reading: Reading) -> dict[tuple[str, str], float]:
    return {(row["provider"], row["subject"]): row["time"] for row in reading.rows(sa.select(schema.not_before))}


_BUILDERS: Mapping[str, Callable[[Builder, Reading], object]] = {
    "connectors": _connectors,
    "connector_groups": _connector_groups,
    "providers": _providers,
    "keys": lambda _, reading: read_sealing_keys(reading),
    "trust_bundle": lambda _, reading: trust_bundle(reading),
    "revoked_sessions": _revoked_sessions,
    "not_before": _not_before,
    "user_risks": lambda _, reading: risky_users.all_of(reading),
    "settings": lambda _, reading: service_settings.get_all(reading),
    "certificates": lambda _, reading: served(reading),
    "challenges": lambda _, reading: challenges(reading),
    "service_tokens": lambda _, reading: snapshot_tokens(reading),
    "device_authorities": lambda builder, reading: bounded(reading, builder.lifetimes),
    "native_clients": lambda _, reading: {one.id: one for one in native_clients.list_all(reading)},
    "relying_parties": lambda _, reading: clients.snapshot_parties(reading),
    "roles": lambda _, reading: tuple(role_assignments.list_all(reading)),
    "entitlements": lambda _, reading: tuple(entitlements.list_all(reading)),
    "logos": lambda _, reading: logos.all_of(reading),
}
