"""An application as its row and its assignments say it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from appproxy.publish.application import Application, Preauthentication, ProviderAccess, Segment, Url
from appproxy.publish.cors import CorsRule
from appproxy.publish.settings.texts import parse_settings
from appproxy.store.tables.core import GROUP, USER
from appproxy.store.transaction import Row

#: Provider, kind, value, whether it is of a maintainer, and when it ends (seconds since 1970), 0.0 for never.
Assigned: TypeAlias = tuple[str, str, str, bool, float]

#: Letters of settings that are kept when they have been read: 4,096 of them are then at most some 30 MB.
_SHORT = 4096
#: A listing reads all rows again, of which the snapshot was made before: two URLs of 10,000 applications each, and some.
_url = lru_cache(maxsize=32_768)(Url.parse)


def settings_of(text: str) -> Mapping[str, Any]:
    """Of a row. Many applications have the same, the defaults; lists of certificates, which are long, are nobody else's."""
    return _short_settings(text) if len(text) <= _SHORT else _parsed(text)


def _parsed(text: str) -> Mapping[str, Any]:
    return MappingProxyType(parse_settings(json.loads(text)))


_short_settings = lru_cache(maxsize=4096)(_parsed)


def segment_of(row: Row) -> Segment:
    """The segment of one row."""
    return Segment(_url(row["external"], "external"), _url(row["internal"], "internal"), row["id"])


def assigned_of(row: Row) -> Assigned:
    """The assignment of one row."""
    return row["provider"], row["kind"], row["value"], row["maintainer"], row["expires"]


def application_of(
    row: Row, assigned: frozenset[Assigned], segments: tuple[Segment, ...] = (),
    cors: tuple[CorsRule, ...] = (), others: tuple[str, ...] = (),
) -> Application:
    """The application of one row; of `assigned` only its own providers' count. `others`: ids of more providers."""
    own = _access(row["provider"], assigned)
    return Application(
        id=row["id"],
        name=row["name"],
        external=_url(row["external"], "external"),
        internal=_url(row["internal"], "internal"),
        preauthentication=Preauthentication(row["preauthentication"]),
        connector_group=row["connector_group"],
        provider=row["provider"],
        assigned_users=own.assigned_users,
        assigned_groups=own.assigned_groups,
        maintaining_users=own.maintaining_users,
        maintaining_groups=own.maintaining_groups,
        ending_users=own.ending_users,
        ending_groups=own.ending_groups,
        other_providers=tuple(_access(provider, assigned) for provider in others),
        segments=segments,
        cors=cors,
        **settings_of(row["settings"]),
    )


def _access(provider: str, assigned: frozenset[Assigned]) -> ProviderAccess:
    """Whom of a provider's people the assignments let in."""
    own = [one for one in assigned if one[0] == provider]
    for_good = [one for one in own if not one[4]]
    users, groups = ([one for one in for_good if one[1] == kind] for kind in (USER, GROUP))
    ending = {
        kind: tuple(sorted((value, ends) for _, its, value, _, ends in own if ends and its == kind)) for kind in (USER, GROUP)}
    return ProviderAccess(
        provider,
        assigned_users=frozenset(one[2] for one in users),
        assigned_groups=frozenset(one[2] for one in groups),
        maintaining_users=frozenset(one[2] for one in users if one[3]),
        maintaining_groups=frozenset(one[2] for one in groups if one[3]),
        ending_users=ending[USER],
        ending_groups=ending[GROUP],
    )
