"""What needs somebody's attention, as far as the service knows it by itself, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from appproxy.admin.base.operation import AdminContext, Call
from appproxy.errors import ConfigError
from appproxy.net.loop.exhaustion import usage
from appproxy.pki import certificate_facts
from appproxy.pki.expiry import days_left, end_words, ends_soon
from appproxy.pki.selection import by_name
from appproxy.store.applications import external_urls
from appproxy.store.certificates import acme, certificates
from appproxy.store.connectors import connectors
from appproxy.store.connectors import groups as connector_groups
from appproxy.store.connectors.connectors import Connector
from appproxy.store.service import keys
from appproxy.store.snapshot import ConnectorState
from appproxy.store.tables.core import applications
from appproxy.store.transaction import Reading

#: Seconds after which a connector that no node has noted is away: nodes note those that are online every minute.
_AWAY = 180.0
#: Names in one line; the rest are counted.
_SHOWN = 5
#: Connectors renew their certificates by themselves when half of their time is over: with so little left something is wrong.
_CONNECTOR_DAYS = 21.0
#: Seconds for which it is of interest that no file was free, and the part of all that is many.
_LATELY, _MANY = 900.0, 0.9


class Urgency(Enum):
    """How much it matters."""

    BROKEN = "broken"
    WARNING = "warning"
    ADVICE = "advice"


_ORDER = {one: number for number, one in enumerate(Urgency)}


@dataclass(frozen=True, slots=True)
class Concern:
    """One of them. `about` is a kind of things, `id` which one of them, "" where it is about several."""

    about: str
    id: str
    urgency: Urgency
    detail: str
    hint: str

    def as_json(self) -> dict[str, object]:
        """As JSON can say it."""
        return {**asdict(self), "urgency": self.urgency.value}


def listed(reading: Reading, call: Call) -> object:
    """All, the most urgent first."""
    context = call.context
    found = [
        *_of_connectors(reading, context), *_of_hosts(reading, context), *_of_certificates(reading, context),
        *_of_limits(context), *_of_applications(context),
    ]
    return [one.as_json() for one in sorted(found, key=lambda one: _ORDER[one.urgency])]


def _of_connectors(reading: Reading, context: AdminContext) -> Iterator[Concern]:
    every, live = connectors.list_all(reading), context.live()
    for one in every:
        if one.state is ConnectorState.PENDING:
            yield Concern("connector", one.id, Urgency.WARNING, f"connector {one.name} waits for approval",
                          f"approve it, if you know the machine: appproxy connector approve {one.id}")
        elif one.state is ConnectorState.APPROVED:
            yield from _of_approved(one, context, is_online(one, live, context.now))
    counted = sa.select(applications.c.connector_group, sa.func.count()).group_by(applications.c.connector_group)
    used = {group: count for group, count in reading.connection.execute(counted)}
    for group in connector_groups.list_all(reading):
        if count := used.get(group.id, 0):
            yield from _of_group(group.name, count, [
                is_online(one, live, context.now) for one in every
                if one.group == group.id and one.state is ConnectorState.APPROVED], context)


def _of_approved(one: Connector, context: AdminContext, online: bool) -> Iterator[Concern]:
    if context.running and not online:
        yield Concern("connector", one.id, Urgency.WARNING, f"connector {one.name} is not connected",
                      "on its machine: appproxy doctor --state DIR. If it is gone for good, remove it here")
    if days_left(one.not_after, context.now) < _CONNECTOR_DAYS:
        ends = end_words(one.not_after, context.now)
        yield Concern("connector", one.id, Urgency.WARNING, f"the certificate of connector {one.name} {ends}",
                      "it should have renewed it by itself: see its log; when it has ended, the connector has to join again")


def _of_group(name: str, count: int, online: list[bool], context: AdminContext) -> Iterator[Concern]:
    has = f"{count} application{'s' if count > 1 else ''} of connector group {name}"
    if not online:
        yield Concern("group", name, Urgency.BROKEN, f"{has} cannot be reached: it has no connector",
                      f"let one join: appproxy connector token --group {name}")
    elif context.running and not any(online):
        yield Concern("group", name, Urgency.BROKEN, f"{has} cannot be reached: none of its connectors is connected",
                      "start one of them, or see on its machine: appproxy doctor --state DIR")
    elif context.running and online.count(True) == 1:
        yield Concern("group", name, Urgency.ADVICE, f"{has} can be reached through one connector alone",
                      f"let a second one join, on another machine: appproxy connector token --group {name}")


def is_online(one: Connector, live: Mapping[str, object], now: float) -> bool:
    """Is it connected here, or was it lately, to any node?"""
    here: Any = live.get(one.id)
    return bool(here and here.get("online")) or (one.last_seen is not None and now - one.last_seen < _AWAY)


def _of_hosts(reading: Reading, context: AdminContext) -> Iterator[Concern]:
    """Published hosts that no certificate answers for."""
    try:
        covered = covered_names(reading, context)
    except ConfigError as error:
        yield Concern("certificate", "", Urgency.BROKEN, error.message, error.hint)
        return
    bare = sorted(host for host in external_urls.hosts(reading) if not (covered.get(host) or by_name(covered, host)))
    if bare:
        yield Concern("certificate", "", Urgency.BROKEN, f"no certificate for {_few(bare)}",
                      "add one (appproxy certificate add), or order it (appproxy certificate order HOST)")


def covered_names(reading: Reading, context: AdminContext) -> Mapping[str, bool]:
    """The names that some certificate for users has. Raises ConfigError for a default one that cannot be read."""
    own = keys.server_leaf(reading, keys.USER)
    default = context.given_certificate() or (own.certificate if own is not None else None)
    names = {name for one in certificates.list_all(reading) for name in one.names}
    if default is not None:
        names.update(certificate_facts(default).names)
    return {name.lower(): True for name in names}


def _of_certificates(reading: Reading, context: AdminContext) -> Iterator[Concern]:
    for one in certificates.list_all(reading):
        if ends_soon(one.not_before, one.not_after, context.now):
            urgency = Urgency.BROKEN if one.not_after <= context.now else Urgency.WARNING
            yield Concern("certificate", one.name, urgency, f"certificate {one.name} {end_words(one.not_after, context.now)}",
                          f"put a new one in its place: appproxy certificate renew {one.name}")
    for order in acme.list_orders(reading):
        if order.failures:
            yield Concern("certificate", order.name, Urgency.WARNING, f"the order of {order.name} failed: {order.problem}",
                          f"correct what the authority names, then: appproxy certificate renew {order.name}")


def _of_limits(context: AdminContext) -> Iterator[Concern]:
    for met in context.limits_shown()[:_SHOWN]:
        who = met["who"] or "somebody"
        yield Concern("limit", "", Urgency.WARNING, f"{who} met the limit {met['limit']} at {met['application']}, "
                      f"{met['count']} times", 'docs/operation.md, "When places are short", says how to raise it')
    if not context.running:
        return
    files: Mapping[str, Any] = usage()
    ago = files["seconds_ago"]
    if ago is not None and ago < _LATELY:
        yield Concern("limit", "", Urgency.BROKEN, f"no file was free {ago:.0f} s ago, so that connections were closed",
                      "raise LimitNOFILE= of the service's unit, or lower limits.user_connections")
    elif files["open"] > _MANY * files["limit"]:
        yield Concern("limit", "", Urgency.WARNING, f"{files['open']} of {files['limit']} files are open",
                      "raise LimitNOFILE= of the service's unit, or lower limits.user_connections")


def _of_applications(context: AdminContext) -> Iterator[Concern]:
    for name, hint, count in context.symptoms[:_SHOWN]:
        what, _, fix = hint.partition(": ")
        yield Concern("application", name, Urgency.WARNING, f"{name}: {what} ({count} times)", fix or hint)


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
