"""An application as its row and its assignments say it."""

from __future__ import annotations

import json
from typing import TypeAlias

from appproxy.publish.application import Application, Preauthentication, Segment, Url
from appproxy.publish.cors import CorsRule
from appproxy.store.applications.settings import parse_settings
from appproxy.store.schema import GROUP, USER
from appproxy.store.transaction import Row

#: Provider, kind, value, and whether it is of a maintainer.
Assigned: TypeAlias = tuple[str, str, str, bool]


def segment_of(row: Row) -> Segment:
    """The segment of one row."""
    return Segment(Url.parse(row["external"], "external"), Url.parse(row["internal"], "internal"), row["id"])


def application_of(
    row: Row, assigned: frozenset[Assigned], segments: tuple[Segment, ...] = (),
    cors: tuple[CorsRule, ...] = (),
) -> Application:
    """The application of one row; of `assigned` only its own provider's count."""
    own = [one for one in assigned if one[0] == row["provider"]]
    users, groups = ([one for one in own if one[1] == kind] for kind in (USER, GROUP))
    return Application(
        id=row["id"],
        name=row["name"],
        external=Url.parse(row["external"], "external"),
        internal=Url.parse(row["internal"], "internal"),
        preauthentication=Preauthentication(row["preauthentication"]),
        connector_group=row["connector_group"],
        provider=row["provider"],
        assigned_users=frozenset(value for _, _, value, _ in users),
        assigned_groups=frozenset(value for _, _, value, _ in groups),
        maintaining_users=frozenset(value for _, _, value, is_maintainer in users if is_maintainer),
        maintaining_groups=frozenset(value for _, _, value, is_maintainer in groups if is_maintainer),
        segments=segments,
        cors=cors,
        **parse_settings(json.loads(row["settings"])),
    )
