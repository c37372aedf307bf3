"""Operations on the segments of applications: more pairs of URLs under the same policy."""

from __future__ import annotations

from appproxy.admin.base.operation import Call, Change, Command, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.publish.application import Segment
from appproxy.store.applications import applications, segments
from appproxy.store.transaction import Reading, Transaction


def _list(reading: Reading, call: Call) -> object:
    return [segment_record(one) for one in segments.list_for(reading, call.path["application"])]


def _add(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    made = segments.add(tx, found.id, call.body.text("external"), call.body.text("internal"))
    return Change(segment_record(made), found.id, {"name": found.name, **segment_record(made)})


def _set(tx: Transaction, call: Call) -> Change:
    values = call.body.mapping("settings")
    if not values:
        raise ConfigError("settings: give at least one KEY=VALUE")
    found = applications.find(tx, call.path["application"])
    changed = segments.set_values(tx, found.id, call.path["segment"], values)
    return Change(segment_record(changed), found.id, {"name": found.name, **segment_record(changed)})


def _remove(tx: Transaction, call: Call) -> Change:
    found = applications.find(tx, call.path["application"])
    gone = segments.remove(tx, found.id, call.path["segment"])
    return Change(segment_record(gone), found.id, {"name": found.name, **segment_record(gone)})


def segment_record(one: Segment) -> dict[str, object]:
    """A segment as JSON says it."""
    return {"id": one.id, "external": str(one.external), "internal": str(one.internal)}


_ALL = "/applications/{application}/segments"
_ONE = _ALL + "/{segment}"
OPERATIONS: tuple[Operation, ...] = (
    Query(_ALL, "The segments of an application.", _list,
          page="external", live=(), permission=Permission.READ_APPLICATIONS),
    Command("POST", _ALL, "segment.add", "Publish one more pair of URLs under the application's policy.", _add,
            ("external", "internal"),
            permission=Permission.PUBLISH),
    Command("PATCH", _ONE, "segment.set", "Change a segment, named by its external URL or its id.", _set, ("settings",),
            permission=Permission.PUBLISH),
    Command("DELETE", _ONE, "segment.remove", "Publish a segment no longer.", _remove,
            permission=Permission.PUBLISH),
)  # fmt: skip
