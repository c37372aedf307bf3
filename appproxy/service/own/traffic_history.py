"""The last hour of users' exchanges, minute by minute, and what failed last: for who looks, not for who keeps records.

Requests cost nothing more for it: once a minute the counters that are there anyhow are compared with what they were.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from appproxy.errors import FAILURES
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.own.metrics import BOUNDS, Traffic

#: Minutes that are remembered.
MINUTES = 60
#: Failures of one application, and applications, that are remembered; those that failed longest ago are forgotten.
_MOST_FAILURES, _MOST_APPLICATIONS = 20, 1000
#: Applications that are named of those with requests: the busiest.
_BUSIEST = 10
_LONGEST_PATH = 200


@dataclass(slots=True)
class Minute:
    """What was counted in one: `failed` are answers of 500 and above, whoever gave them. `began`: monotonic time."""

    began: float
    requests: int = 0
    failed: int = 0
    buckets: Sequence[int] = (0,) * (len(BOUNDS) + 1)
    applications: Counter[str] = field(default_factory=Counter)
    failed_of: Counter[str] = field(default_factory=Counter)
    #: By application and status.
    answers: Counter[tuple[str, int | str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class NotedFailure:
    """One request that failed. `path` and `detail` can tell whose it was: they are not for everybody who may look."""

    at: float
    request_id: str
    method: str
    path: str
    code: str
    title: str
    detail: str
    status: int
    connector: str

    def last_hour(self, now: float) -> Mapping[str, object]:
        """As JSON can say it."""
        return {
            "seconds_ago": round(now - self.at, 1), "request_id": self.request_id, "method": self.method, "path": self.path,
            "failure": self.code, "title": self.title, "detail": self.detail, "status": self.status,
            "connector": self.connector,
        }


class RecentFailures:
    """The last ones of each application. `seconds`: monotonic time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._of: OrderedDict[str, deque[NotedFailure]] = OrderedDict()

    def note(self, exchange: Exchange) -> None:
        """An exchange has failed, and is over."""
        name, code, head = exchange.application, exchange.failure, exchange.head
        if not name or code is None:
            return
        path = head.target.partition(b"?")[0].decode("latin-1")[:_LONGEST_PATH]
        kept = self._of.setdefault(name, deque(maxlen=_MOST_FAILURES))
        self._of.move_to_end(name)
        if len(self._of) > _MOST_APPLICATIONS:
            self._of.popitem(last=False)
        failure = FAILURES[code]
        kept.append(NotedFailure(
            self._seconds(), exchange.id, head.method.decode("latin-1"), path, code.name, failure.title, exchange.detail,
            exchange.status or failure.status, exchange.connector))

    def of(self, application: str) -> list[Mapping[str, object]]:
        """Those of an application (its name), the latest first."""
        now = self._seconds()
        return [one.last_hour(now) for one in reversed(self._of.get(application, ()))]


class TrafficHistory:
    """Of one node. `traffic` is told to say what fails; `seconds`: monotonic time."""

    def __init__(self, traffic: Traffic, seconds: Callable[[], float]) -> None:
        self._traffic = traffic
        self._seconds = seconds
        self._minutes: deque[Minute] = deque(maxlen=MINUTES)
        self._began = seconds()
        self._requests: dict[tuple[str, int | str], int] = {}
        self._buckets: Sequence[int] = list(traffic.buckets)
        self.failures = RecentFailures(seconds)
        traffic.failed = self.failures.note

    def note(self) -> None:
        """A minute is over. Called every minute."""
        self._minutes.append(self._now())
        self._began = self._seconds()
        self._requests = dict(self._traffic.requests)
        self._buckets = list(self._traffic.buckets)

    def _now(self) -> Minute:
        """The minute that has begun."""
        made = Minute(self._began)
        for key, count in self._traffic.requests.items():
            new = count - self._requests.get(key, 0)
            if not new:
                continue
            application, status = key
            made.requests += new
            made.applications[application] += new
            made.answers[key] += new
            if str(status)[0] == "5":
                made.failed += new
                made.failed_of[application] += new
        made.buckets = [now - then for now, then in zip(self._traffic.buckets, self._buckets, strict=True)]
        return made

    def last_hour_of(self, application: str) -> dict[str, object]:
        """The hour of one application (its name), in the same way."""
        now, minutes = self._seconds(), [*self._minutes, self._now()][-MINUTES:]
        return {
            "minutes": [_of_one(one, application, now) for one in minutes],
            "requests": sum(one.applications[application] for one in minutes),
            "failed": sum(one.failed_of[application] for one in minutes), "answers": _answers(minutes, application),
        }

    def last_hour(self) -> dict[str, object]:
        """The hour, as JSON can say it: the oldest minute first, the last one not over yet."""
        now, minutes = self._seconds(), [*self._minutes, self._now()][-MINUTES:]
        busiest: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for one in minutes:
            busiest.update(one.applications)
            failed.update(one.failed_of)
        return {
            "minutes": [
                {"seconds_ago": round(now - one.began), "requests": one.requests, "failed": one.failed,
                 "median": quantile([one.buckets], 0.5), "p95": quantile([one.buckets], 0.95)}
                for one in minutes
            ],
            "requests": sum(one.requests for one in minutes), "failed": sum(one.failed for one in minutes),
            "median": quantile((one.buckets for one in minutes), 0.5),
            "p95": quantile((one.buckets for one in minutes), 0.95), "answers": _answers(minutes),
            "applications": [
                {"application": name, "requests": count, "failed": failed[name]}
                for name, count in busiest.most_common(_BUSIEST) if name
            ],
        }


def _of_one(minute: Minute, name: str, now: float) -> dict[str, object]:
    return {"seconds_ago": round(now - minute.began), "requests": minute.applications[name], "failed": minute.failed_of[name]}


def _answers(minutes: Iterable[Minute], name: str | None = None) -> dict[str, int]:
    """How often each status was answered, by the lowest; of one application, if one is named."""
    found: Counter[str] = Counter()
    for minute in minutes:
        for (application, status), count in minute.answers.items():
            if name is None or application == name:
                found[str(status)] += count
    return dict(sorted(found.items()))


def quantile(counted: Iterable[Sequence[int]], part: float) -> float | None:
    """Seconds within which this part of all was answered: the upper bound of a bucket; None for the last, and for nothing."""
    columns = list(zip(*counted, strict=True))
    sums = [sum(column) for column in columns]
    total = sum(sums)
    if not total:
        return None
    reached, cumulative = 0, []
    for count in sums:
        reached += count
        cumulative.append(reached)
    found = bisect_left(cumulative, part * total)
    return BOUNDS[found] if found < len(BOUNDS) else None
