"""What connectors are told of the applications, as JSON text: each application's part is put into words once, for all
connectors, until it changes. One that has an earlier text of its group is told what is another since then.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from appproxy.publish.application import Application
from appproxy.publish.incremental_index import difference
from appproxy.publish.settings.table import ORIGIN_SETTINGS

#: Earlier texts of a group that are remembered. Connectors that are there have the last one or the one before.
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class OfferedApplications:
    """All applications of one group: a JSON object by id, and its tag, by which connectors say that they have this one.

    The tag follows from the text alone, so that all nodes have the same.
    """

    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is another since an earlier text: a JSON object of applications that are new or changed, and ids of those gone."""

    text: str
    removed: Sequence[str]


def offered(text: str) -> OfferedApplications:
    """This text, with its tag."""
    return OfferedApplications(text, sha256(text.encode()).hexdigest()[:32])


class ConnectorView:
    """Made once for a node."""

    def __init__(self) -> None:
        self._applications: Mapping[str, Application] = {}
        self._texts: dict[str, str] = {}
        self._groups: dict[str, OfferedApplications] = {}
        #: By group: tags of texts that were told, the oldest first, each with the ids of what has changed until the next.
        self._steps: dict[str, deque[tuple[str, set[str]]]] = {}

    def applications(self, applications: Mapping[str, Application], group: str) -> OfferedApplications:
        """Those of one connector group. `applications` are the snapshot's very mapping."""
        self._take(applications)
        known = self._groups.get(group)
        if known is None:
            mine = (self._texts[id_] for id_, one in applications.items() if one.connector_group == group)
            known = self._groups[group] = offered("{" + ",".join(mine) + "}")
        return known

    def since(self, applications: Mapping[str, Application], group: str, tag: str) -> Changes | None:
        """What has changed in a group since the text of this tag; None where that is not known, or half of everything."""
        if self.applications(applications, group).tag == tag:
            return Changes("{}", ())
        changed: set[str] = set()
        for before, ids in reversed(self._steps.get(group, ())):
            changed |= ids
            if before == tag:
                break
        else:
            return None
        if 2 * len(changed) > len(applications):
            return None
        here = [id_ for id_ in sorted(changed) if id_ in applications and applications[id_].connector_group == group]
        return Changes("{" + ",".join(self._texts[id_] for id_ in here) + "}", sorted(changed.difference(here)))

    def _take(self, applications: Mapping[str, Application]) -> None:
        """Note what is another than before."""
        if applications is self._applications:
            return
        gone, new = difference(self._applications, applications)
        self._applications = applications
        for one in gone:
            del self._texts[one.id]
            self._note(one)
        for one in new:
            self._texts[one.id] = f"{json.dumps(one.id)}:{json.dumps(view_of(one))}"
            self._note(one)

    def _note(self, application: Application) -> None:
        """It is another in its group, or there no more."""
        group = application.connector_group
        was = self._groups.pop(group, None)
        if was is not None:
            self._steps.setdefault(group, deque(maxlen=_REMEMBERED)).append((was.tag, set()))
        if group in self._steps:
            self._steps[group][-1][1].add(application.id)


def view_of(application: Application) -> dict[str, object]:
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
