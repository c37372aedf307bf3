"""What a listing shows of each application, without making the whole application of its rows: of five thousand that takes
most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.publish.application import Application, ProviderAccess
from appproxy.publish.settings.table import ApplicationSettings
from appproxy.store import names
from appproxy.store.applications import further_providers
from appproxy.store.applications.row import settings_of
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.tables.core import applications, assignments
from appproxy.store.transaction import Reading

_TABLE = applications.c
_COLUMNS = sa.select(_TABLE.id, _TABLE.name, _TABLE.external, _TABLE.internal, _TABLE.preauthentication,
                     _TABLE.connector_group, _TABLE.provider, _TABLE.settings)
_DEFAULTS = ApplicationSettings()


@dataclass(frozen=True, slots=True)
class Summary:
    """One application. Group and providers are ids; `assigned`: how many users and groups of its providers, for good."""

    id: str
    name: str
    external: str
    internal: str
    preauthentication: str
    connector_group: str
    providers: tuple[str, ...]
    assignment_required: bool
    assigned: int

    @classmethod
    def of(cls, one: Application) -> Summary:
        """The same of an application that is known whole."""
        accesses: list[Application | ProviderAccess] = [one, *one.other_providers]
        assigned = sum(len(access.assigned_users) + len(access.assigned_groups) for access in accesses)
        return cls(one.id, one.name, str(one.external), str(one.internal), one.preauthentication.value, one.connector_group,
                   one.providers, one.assignment_required, assigned)


def summaries(reading: Reading, page: ListPage | None = None) -> Iterator[Summary]:
    """Of all applications, or of a page of them, by name."""
    rows = reading.connection.execute(
        paged(_COLUMNS, _TABLE.name_key, page, names.key, (_TABLE.name_key, _TABLE.external, _TABLE.internal))).all()
    ids = None if page is None else [row[0] for row in rows]
    assigned, others = _assigned(reading, ids), further_providers.by_application(reading, ids)
    for id_, name, external, internal, preauthentication, group, provider, settings in rows:
        providers = (provider, *others.get(id_, ()))
        required = settings_of(settings).get("assignment_required", _DEFAULTS.assignment_required)
        count = sum(assigned.get((id_, one), 0) for one in providers)
        yield Summary(id_, name, external, internal, preauthentication, group, providers, required, count)


def _assigned(reading: Reading, ids: Iterable[str] | None) -> dict[tuple[str, str], int]:
    """How many are assigned for good, by application and provider."""
    table = assignments.c
    counted = sa.select(table.application, table.provider, sa.func.count()).where(table.expires == 0.0)
    return {
        (application, provider): count for which in among(table.application, ids)
        for application, provider, count in reading.connection.execute(
            counted.where(which).group_by(table.application, table.provider))}
