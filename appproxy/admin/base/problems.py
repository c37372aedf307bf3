"""What keeps an application that is published from being reached, as far as the store knows."""

from __future__ import annotations

from collections.abc import Iterator

from appproxy.admin.base.operation import AdminContext
from appproxy.errors import ConfigError
from appproxy.pki import certificate_facts
from appproxy.pki.selection import by_name
from appproxy.publish.application import Application
from appproxy.store.certificates import certificates
from appproxy.store.connectors import connectors, groups
from appproxy.store.service import keys
from appproxy.store.snapshot import ConnectorState
from appproxy.store.transaction import Reading


def problems_of(reading: Reading, application: Application, context: AdminContext) -> list[str]:
    """One line each, with what to do."""
    return [*_without_connector(reading, application, context), *_without_certificate(reading, application, context)]


def _without_connector(reading: Reading, application: Application, context: AdminContext) -> Iterator[str]:
    group = groups.find(reading, application.connector_group).name
    approved = [
        one.id for one in connectors.list_all(reading)
        if one.group == application.connector_group and one.state is ConnectorState.APPROVED
    ]
    if not approved:
        yield f"no connector is in group {group}: appproxy connector token --group {group}"
    elif not any(_is_online(context, id_) for id_ in approved) and context.running:
        yield f"no connector of group {group} is online: start one, or see appproxy connector list"


def _is_online(context: AdminContext, id_: str) -> bool:
    known = context.live().get(id_)
    return isinstance(known, dict) and bool(known.get("online"))


def _without_certificate(reading: Reading, application: Application, context: AdminContext) -> Iterator[str]:
    own = keys.server_leaf(reading, keys.USER)
    try:
        default = context.given_certificate() or (own.certificate if own is not None else None)
    except ConfigError as error:
        yield str(error)
        return
    names = {name for one in certificates.list_all(reading) for name in one.names}
    if default is not None:
        names.update(certificate_facts(default).names)
    covered = {name.lower(): True for name in names}
    for host in dict.fromkeys(pair.external.host for pair in application.pairs):
        if not (covered.get(host) or by_name(covered, host)):
            yield f"no certificate is for {host}: appproxy certificate add, or appproxy certificate order {host}"
