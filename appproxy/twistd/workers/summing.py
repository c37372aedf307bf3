"""One page of metrics of several workers': counters are added up, gauges get the label `worker`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

#: Kinds of metrics that only grow (and are sums of all that were).
_GROWING = frozenset({"counter", "histogram"})
#: Counters that are the database's, and so the same at each worker.
_SHARED = frozenset({"appproxy_audit_export_refused_total", "appproxy_audit_export_lost_total"})


@dataclass(slots=True)
class MetricFamily:
    """One metric: its lines of HELP and TYPE, and its numbers by series, which are a name and its labels."""

    kind: str
    heading: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)


#: By name, in the order of the page.
Page = dict[str, MetricFamily]


def read_page(text: str) -> Page:
    """What `generate_latest` of prometheus_client has written. Raises ValueError where it cannot have."""
    page: Page = {}
    current = MetricFamily("")
    for line in text.splitlines():
        words = line.split(" ", 3)
        if words[0] == "#" and len(words) > 2:
            current = page.setdefault(words[2], MetricFamily(""))
            current.heading.append(line)
            if words[1] == "TYPE":
                current.kind = "".join(words[3:])
                if not current.kind:
                    raise ValueError(f"a metric without a type: {line[:200]}")
        elif line and words[0] != "#":
            series, _, number = line.rpartition(" ")
            current.numbers[series] = float(number)
    return page


class Summing:
    """Keeps what workers that have ended had counted, so that no counter ever falls."""

    def __init__(self) -> None:
        self._latest: dict[object, Page] = {}
        self._former: Page = {}

    def report(self, worker: object, text: str) -> None:
        """What a worker says now. Raises ValueError, and goes by what it said before, where that is no page."""
        self._latest[worker] = read_page(text)

    def ended(self, worker: object) -> None:
        """It says nothing more."""
        page = self._latest.pop(worker, {})
        for name, family in page.items():
            if family.kind in _GROWING:
                kept = self._former.setdefault(name, MetricFamily(family.kind, family.heading))
                _add(name, kept.numbers, family.numbers)

    def page(self, names: Iterable[tuple[object, str]]) -> str:
        """Of these workers, with the values of their label."""
        whole: Page = {name: MetricFamily(one.kind, one.heading, dict(one.numbers)) for name, one in self._former.items()}
        for worker, label in names:
            for name, family in self._latest.get(worker, {}).items():
                found = whole.setdefault(name, MetricFamily(family.kind, family.heading))
                if family.kind in _GROWING:
                    _add(name, found.numbers, family.numbers)
                else:
                    found.numbers.update({labelled(series, label): number for series, number in family.numbers.items()})
        lines: list[str] = []
        for family in whole.values():
            lines += family.heading
            lines += [f"{series} {number!r}" for series, number in family.numbers.items()]
        return "".join(f"{line}\n" for line in lines)


def labelled(series: str, worker: str) -> str:
    """The series with one label more."""
    name, brace, labels = series.partition("{")
    return f'{name}{{worker="{worker}",{labels}' if brace else f'{name}{{worker="{worker}"}}'


def _add(name: str, to: dict[str, float], numbers: dict[str, float]) -> None:
    for series, number in numbers.items():
        before = to.get(series, 0.0)
        to[series] = max(before, number) if name in _SHARED else before + number
