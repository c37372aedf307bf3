"""What connectors are told of the applications, as JSON text: each application's part is put into words once, for all
connectors, until it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from appproxy.publish.application import Application

#: What a connector allows when it is told nothing.
_UPGRADES = frozenset({"websocket"})


class ConnectorView:
    """Made once for a node."""

    def __init__(self) -> None:
        self._applications: Mapping[str, Application] = {}
        self._texts: dict[str, tuple[Application, str]] = {}
        self._groups: dict[str, str] = {}

    def applications(self, applications: Mapping[str, Application], group: str) -> str:
        """A JSON object of those of one connector group, by id. `applications` are the snapshot's very mapping."""
        if applications is not self._applications:
            self._applications = applications
            self._groups.clear()
            self._texts = {id_: self._text(id_, one) for id_, one in applications.items()}
        text = self._groups.get(group)
        if text is None:
            mine = (text for one, text in self._texts.values() if one.connector_group == group)
            text = self._groups[group] = "{" + ",".join(mine) + "}"
        return text

    def _text(self, id_: str, application: Application) -> tuple[Application, str]:
        known = self._texts.get(id_)
        if known is not None and known[0] is application:
            return known
        return application, f"{json.dumps(id_)}:{json.dumps(told(application))}"


def told(application: Application) -> dict[str, object]:
    """What a connector has to know of an application. Keys that few applications need are there only for those."""
    more: dict[str, object] = {}
    if application.segments:
        more["segments"] = {
            one.id: {"internal": str(one.internal), "external": str(one.external)} for one in application.segments
        }
    if application.excluded_hosts:
        more["excluded_hosts"] = sorted(application.excluded_hosts)
    if application.origins:
        more["origins"] = [str(url) for url in application.origins]
        more["health_path"] = application.health_path
        more["health_interval"] = application.health_interval
    if application.connection_authentication != "auto":
        more["connection_authentication"] = application.connection_authentication
    if application.upgrades != _UPGRADES:
        more["upgrades"] = sorted(application.upgrades)
    return {
        "id": application.id,
        "name": application.name,
        "internal": str(application.internal),
        "external": str(application.external),
        "host_header": "original" if application.view == "public" else "internal",
        "verify_tls": application.verify_tls,
        "ca_bundle": application.ca_bundle,
        "server_name": application.server_name,
        "client_certificate": application.client_certificate,
        "protocol": application.protocol,
        "max_connections": application.max_connections,
        "connect_timeout": application.connect_timeout,
        "upgrade_idle_timeout": application.upgrade_idle_timeout,
        **more,
    }
