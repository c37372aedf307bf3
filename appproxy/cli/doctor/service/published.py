"""The doctor at the service, on what is published: connectors for it, names and certificates of its hosts, and whether it
answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from appproxy.admin.transport.client import AdminClient
from appproxy.cli.doctor.findings import Ailing, Health, Walk
from appproxy.cli.doctor.probes import addresses_of
from appproxy.config import ServiceSettings
from appproxy.pki.selection import by_name
from appproxy.publish.application import Application
from appproxy.store.applications import applications
from appproxy.store.connectors import connectors
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.database.store import Store
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Reading

#: Findings in one line; the rest are counted.
_SHOWN = 5
#: Look-ups at the same time, and hosts that are looked up at all: a resolver that does not answer costs 5 to 10 s each.
_LOOKUPS, _MOST_HOSTS = 16, 200


def examine(
    walk: Walk, store: Store, settings: ServiceSettings, covering: Sequence[Iterable[str]], running: AdminClient | None
) -> None:
    """All steps. `covering`: the DNS names of each certificate that users are shown; `running`: None without a service."""
    with store.reading() as reading:
        published = applications.list_all(reading)
        groups = _groups_without_connector(reading, published)
    if not published:
        return
    with walk.step("connectors of applications") as notes:
        if groups:
            hint = f"appproxy connector token --group {next(iter(groups))}, then on its machine: appproxy connector join TOKEN"
            raise Ailing(_few(f"{name}: no connector in group {group}" for group, names in groups.items() for name in names),
                         hint)
        notes.append("every application's group has one")
    hosts = sorted({pair.external.host for one in published for pair in one.pairs})
    with walk.step("certificates of hosts") as notes:
        notes.append(_certificates(hosts, covering))
    with walk.step("names of hosts") as notes:
        notes.append(_names(hosts, settings))
    if running is not None:
        _answering(walk, running, published, {name for names in groups.values() for name in names})


def _groups_without_connector(reading: Reading, published: Iterable[Application]) -> Mapping[str, list[str]]:
    """Names of applications by the group that has no connector which may carry traffic."""
    called = {one.id: one.name for one in connector_groups.list_all(reading)}
    staffed = {one.group for one in connectors.list_all(reading) if one.state is ConnectorState.APPROVED}
    found: dict[str, list[str]] = {}
    for one in published:
        if one.connector_group not in staffed:
            found.setdefault(called[one.connector_group], []).append(one.name)
    return found


def _certificates(hosts: Sequence[str], covering: Sequence[Iterable[str]]) -> str:
    names = {name.lower(): True for one in covering for name in one}
    bare = [host for host in hosts if not (names.get(host) or by_name(names, host))]
    if bare:
        raise Ailing(f"no certificate for {_few(bare)}",
                     "add one (appproxy certificate add) or order it (appproxy certificate order HOST)")
    return f"{len(hosts)} hosts have one"


def _names(hosts: Sequence[str], settings: ServiceSettings) -> str:
    """Do the hosts lead to where the service's own host leads?"""
    asked = [host for host in hosts if not host.endswith(".localhost")]
    with ThreadPoolExecutor(_LOOKUPS) as pool:
        found = dict(zip(asked[:_MOST_HOSTS], pool.map(addresses_of, asked[:_MOST_HOSTS]), strict=True))
        own = pool.submit(addresses_of, settings.signin_host).result()
    missing = [host for host, addresses in found.items() if not addresses]
    if missing:
        raise Ailing(f"no DNS record for {_few(missing)}", f"add one that leads to where {settings.signin_host} leads")
    strange = [f"{host} ({' '.join(sorted(addresses))})" for host, addresses in found.items() if own and not addresses & own]
    if strange:
        raise Ailing(f"lead elsewhere than {settings.signin_host}: {_few(strange)}",
                     f"if the service is not reached there: let them lead to {' or '.join(sorted(own))}", Health.WARNING)
    rest = f", {len(asked) - _MOST_HOSTS} more were not looked up" if len(asked) > _MOST_HOSTS else ""
    return f"{len(hosts)} hosts are found{rest}"


def _answering(walk: Walk, running: AdminClient, published: Sequence[Application], known: Collection[str]) -> None:
    """Ask all through their connectors; `known`: those without a connector, of which enough was said."""
    outcomes: list[Any] = []
    with walk.step("applications") as notes:
        asked: Any = running.call("GET", "/probes")
        outcomes = [one for one in asked if one["application"] not in known]
        answering = sum(1 for one in outcomes if not one["failure"])
        notes.append(f"{answering} of {len(outcomes)} answer through their connectors")
        if len(published) > len(asked):
            notes.append(f"{len(published) - len(asked)} were not asked (wildcards, and beyond a hundred)")
    for one in outcomes:
        if one["failure"] or one["status"] >= 500:
            with walk.step(f"application {one['application']}"):
                if one["failure"]:
                    raise Ailing(f"{one['failure']} {one['detail']}".rstrip(),
                                 "on the connector's machine: appproxy doctor --state DIR")
                raise Ailing(f"it answers with status {one['status']}", "look into its log", Health.WARNING)


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f"; and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return "; ".join(every[:_SHOWN]) + more
