"""What a policy would have done that is only reported: whom it would touch, where, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from appproxy.admin.base.operation import Call, Operation, Query
from appproxy.admin.base.principal import Permission
from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.people import providers
from appproxy.store.policies import documents, results
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.references import applications_called
from appproxy.store.policies.results import DAY, KEPT, PASSES
from appproxy.store.tables import core as schema
from appproxy.store.transaction import Reading, Row

#: Users, applications and reasons that are listed, those that come most often; and the last examples.
_LISTED, _EXAMPLES = 100, 20


def _results(reading: Reading, call: Call) -> object:
    policy = documents.find(reading, DocumentKind.POLICY, call.path["policy"])
    days = call.body.whole("days", KEPT)
    if not 1 <= days <= KEPT:
        raise ConfigError(f"days: 1 to {KEPT} is needed", hint="older results are not kept")
    rows = results.of_policy(reading, policy.id, call.context.now - (days - 1) * DAY)
    hits = [row for row in rows if row["does"] != PASSES]
    called = _called(reading, hits)
    return {
        "policy": policy.name, "state": policy.document.get("state", ""), "changed": policy.changed, "days": _days(rows),
        "decisions": _amount(hits), "users": _users(hits), "passed": _amount(rows) - _amount(hits),
        "more_users": any(not row["subject"] for row in hits),
        "effects": _grouped(hits, "effect", lambda row: row["does"]),
        "by_user": _grouped(hits, "user", called[0])[:_LISTED],
        "by_application": _grouped(hits, "application", called[1])[:_LISTED],
        "reasons": _grouped(hits, "reason", lambda row: row["because"])[:_LISTED],
        "examples": [{
            "time": row["last"], "user": called[0](row), "application": called[1](row), "effect": row["does"],
            "reason": row["because"], "address": row["address"],
        } for row in hits[:_EXAMPLES]],
    }


def _days(rows: Iterable[Row]) -> list[dict[str, object]]:
    """The days on which anybody was judged, the last first (UTC)."""
    by_day: dict[int, list[Row]] = {}
    for row in rows:
        by_day.setdefault(row["day"], []).append(row)
    made: list[dict[str, object]] = []
    for day, some in sorted(by_day.items(), reverse=True):
        hits = [row for row in some if row["does"] != PASSES]
        made.append({"day": f"{datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}", "decisions": _amount(hits),
                     "users": _users(hits), "passed": _amount(some) - _amount(hits)})
    return made


def _grouped(hits: Iterable[Row], name: str, key: Callable[[Row], str]) -> list[dict[str, object]]:
    """What happened by something of each row, that which came most often first."""
    groups: dict[str, list[Row]] = {}
    for row in hits:
        groups.setdefault(key(row), []).append(row)
    return [{name: value, "decisions": _amount(some), "users": _users(some), "last": max(row["last"] for row in some)}
            for value, some in sorted(groups.items(), key=lambda one: (-_amount(one[1]), one[0]))]


def _amount(rows: Iterable[Row]) -> int:
    return sum(row["amount"] for row in rows)


def _users(rows: Iterable[Row]) -> int:
    return len({(row["provider"], row["subject"]) for row in rows if row["subject"]})


def _called(reading: Reading, hits: Sequence[Row]) -> tuple[Callable[[Row], str], Callable[[Row], str]]:
    """What the user and the application of a row are called; where they are gone, their ids."""
    users = names.by_id(reading, schema.users, {row["subject"] for row in hits if row["provider"] == providers.BUILTIN})
    applications = applications_called(reading, {row["application"] for row in hits})
    known: Mapping[str, str] = names.by_id(reading, schema.providers)

    def user(row: Row) -> str:
        if not row["subject"] or row["provider"] == providers.BUILTIN:
            return users.get(row["subject"], str(row["subject"]))
        return f"{known.get(row['provider'], row['provider'])}/{row['subject']}"

    def application(row: Row) -> str:
        return applications.get(row["application"], str(row["application"]))

    return user, application


OPERATIONS: tuple[Operation, ...] = (
    Query("/policies/{policy}/results",
          "Whom a policy would have touched while it was only reported, by day, user and reason.", _results, ("days",),
          permission=Permission.READ_USERS),
)  # fmt: skip
