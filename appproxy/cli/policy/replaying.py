"""The decision log through other policies, in as many processes as there are processors; memory does not grow with the log."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.reading import read_location, read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import CountryOf, Locations, no_country
from appproxy.policy.conditional.logged import read_line
from appproxy.policy.conditional.model import Policy
from appproxy.policy.conditional.parts.contexts import Contexts
from appproxy.policy.conditional.parts.devices import Devices, TrustedAuthority
from appproxy.policy.conditional.replay import Replay, Report

#: Bytes of a log for which another process is not worth its start.
_SMALL = 4 << 20


class LogPart(NamedTuple):
    """Bytes of a log from `start` up to `end`: the lines that begin there."""

    path: Path
    start: int
    end: int


class Trial(NamedTuple):
    """What is replayed: the material that `GET /policy-replay` gives, the file of countries, the first moment that counts."""

    material: Mapping[str, Any]
    countries: Path | None
    since: float
    compares: bool


def replay(paths: Sequence[Path], trial: Trial, workers: int, small: int = _SMALL) -> Report:
    """All of these files. Raises ConfigError for policies or a file of countries that cannot be read, and OSError."""
    parts = list(log_parts(paths, workers, small))
    if len(parts) <= len(paths):
        return _merged(replay_part(part, trial) for part in parts)
    with processes(workers) as pool:
        return _merged(pool.map(replay_part, parts, [trial] * len(parts)))


def processes(count: int) -> ProcessPoolExecutor:
    """So many, which end with this one, also where that is killed: nobody else would end those that wait for work.

    By fork: what is needed is there, and nothing else runs in this process.
    """
    return ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _end_with_parent)


def _end_with_parent() -> None:
    """In a process of the pool."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def sets(trial: Trial) -> tuple[PolicySet, PolicySet | None]:
    """The policies as they would be, and as they are if they are to be compared. Raises ConfigError."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.store.policies.countries import CountryDatabase

    found = trial.material
    country_of: CountryOf = no_country if trial.countries is None else CountryDatabase(trial.countries).country_of
    tagged = found["tags"]
    locations = Locations(map(read_location, found["locations"]), country_of)
    strengths = strengths_of(found["strengths"])
    contexts = Contexts(read_context(one, tagged) for one in found["contexts"])
    exempt = [(provider, subject) for provider, subject in found["exempt"]]
    devices = Devices({
        id: TrustedAuthority(name, inf if until is None else until, frozenset(revoked))
        for id, (name, until, revoked) in found["devices"].items()})
    # The same document is the same object: what did not change is decided once.
    known: dict[str, Policy] = {}

    def policy(document: object) -> Policy:
        key = json.dumps(document, sort_keys=True)
        if key not in known:
            known[key] = read_policy(document, 0.0, tagged)
        return known[key]

    def made(documents: Sequence[object]) -> PolicySet:
        return PolicySet(map(policy, documents), locations, strengths, exempt, contexts, devices)

    return made(found["after"]), made(found["before"]) if trial.compares else None


def log_parts(paths: Sequence[Path], workers: int, small: int) -> Iterator[LogPart]:
    """What each process reads: of a file of more than `small` bytes as many parts as there are workers, else all of it."""
    for path in paths:
        size = path.stat().st_size
        count = workers if size > small else 1
        edges = [size * number // count for number in range(count + 1)]
        for start, end in zip(edges, edges[1:], strict=False):
            yield LogPart(path, start, end)


def replay_part(part: LogPart, trial: Trial) -> Report:
    """The decisions in part of a log. Raises as `replay` does."""
    made = Replay(*sets(trial))
    report, since = made.report, trial.since
    with part.path.open("rb") as file:
        if part.start:
            # The line before belongs to the part before, also where it ends just here.
            file.seek(part.start - 1)
            file.readline()
        at = file.tell()
        while at < part.end:
            line = file.readline()
            if not line:
                break
            at += len(line)
            try:
                entry = read_line(line)
            except ValueError:
                report.unreadable += 1
                continue
            if entry.now >= since:
                made.add(entry)
    return report


def _merged(reports: Iterator[Report]) -> Report:
    whole = Report()
    for report in reports:
        whole.merge(report)
    return whole
