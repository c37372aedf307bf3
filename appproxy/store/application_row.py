"""An application as its row and its assignments say it."""

from __future__ import annotations

import json

from appproxy.publish.application import Application, Preauthentication, Segment, Url
from appproxy.publish.cors import CorsRule
from appproxy.store.application_settings import parse_settings
from appproxy.store.transaction import Row

#: The kinds of assignments.
USER = "user"
GROUP = "group"


def segment_of(row: Row) -> Segment:
    """The segment of one row."""
    return Segment(Url.parse(row["external"], "external"), Url.parse(row["internal"], "internal"), row["id"])


def application_of(
    row: Row, assigned: frozenset[tuple[str, str, str]], segments: tuple[Segment, ...] = (),
    cors: tuple[CorsRule, ...] = (),
) -> Application:
    """The application of one row; `assigned` are (provider, kind, value), of which only its own provider's count."""
    values = [(kind, value) for provider, kind, value in assigned if provider == row["provider"]]
    return Application(
        id=row["id"],
        name=row["name"],
        external=Url.parse(row["external"], "external"),
        internal=Url.parse(row["internal"], "internal"),
        preauthentication=Preauthentication(row["preauthentication"]),
        connector_group=row["connector_group"],
        provider=row["provider"],
        assigned_users=frozenset(value for kind, value in values if kind == USER),
        assigned_groups=frozenset(value for kind, value in values if kind == GROUP),
        segments=segments,
        cors=cors,
        **parse_settings(json.loads(row["settings"])),
    )
