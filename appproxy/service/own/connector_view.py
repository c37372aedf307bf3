"""What connectors are told of the applications, as JSON text: each application's part is put into words once, for all
connectors, until it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from appproxy.publish.application import Application
from appproxy.publish.settings.table import ORIGIN_SETTINGS


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
    """What a connector has to know of an application: the rows of `OriginSettings`, and its URLs.

    Keys that few applications need are there only for those.
    """
    said: dict[str, object] = {
        "id": application.id,
        "name": application.name,
        "internal": str(application.internal),
        "external": str(application.external),
    }
    for one in ORIGIN_SETTINGS:
        value = getattr(application, one.key)
        if not one.sparse or value != one.default:
            said[one.wire] = one.kind.to_json(value)
    if application.segments:
        said["segments"] = {
            one.id: {"internal": str(one.internal), "external": str(one.external)} for one in application.segments
        }
    return said
