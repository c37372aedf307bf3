"""What replaying the decision log costs, with the set of `bench.policies`: `python -m bench.policy_replay [--decisions N]`.

One policy is changed, so that each decision is compared. What counts is the CPU time of all processes together, which
other load does not move; two processors take half of it.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from appproxy.cli.policy.replaying import Trial, replay
from appproxy.policy.conditional.logged import Logged, Outcome
from bench.policies import APPLICATIONS, GROUPS, USERS, documents, locations

#: Bars: seconds of CPU for a million decisions on two processors, and MiB of one process.
MOST_SECONDS, MOST_MEMORY = 120.0, 250.0
_SESSIONS = 20_000
_WEEK = 7 * 86400.0
_BEGIN = 1_700_481_600.0


def material(random: Random) -> dict[str, Any]:
    """What the service would give, with one policy that asks everybody for more."""
    before = documents(random)
    after = [dict(one) for one in before]
    after[0] = {**after[0], "grant": {"require": ["phishing-resistant"]}}
    return {
        "before": before, "after": after, "strengths": [], "contexts": [], "tags": {}, "exempt": [], "devices": {},
        "locations": [{"name": one.name, "networks": list(one.networks)} for one in locations(random)]}


def write_log(path: Path, decisions: int, random: Random) -> None:
    """A week of decisions, in their order."""
    ends = []
    for _ in range(_SESSIONS):
        entry = Logged(
            0.0, f"a{random.randrange(APPLICATIONS)}", "builtin", f"u{random.randrange(USERS)}", Outcome.PASS, "",
            tuple(f"g{random.randrange(GROUPS)}" for _ in range(5)), "urn:appproxy:acr:mfa", ("pwd", "otp", "mfa"), _BEGIN,
            _BEGIN, client=f"{random.randrange(224)}.{random.randrange(256)}.{random.randrange(256)}.1",
            user_agent=b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", path=b"/some/page/of/it")
        ends.append(entry.line()[1:])
    with path.open("w") as file:
        for number in range(decisions):
            file.write(f'{{"time":{_BEGIN + _WEEK * number / decisions:.3f},{ends[random.randrange(_SESSIONS)]}\n')


def main() -> int:
    """The exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    random = Random(1)
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "decisions.log"
        write_log(log, asked.decisions, random)
        trial = Trial(json.loads(json.dumps(material(random))), None, 0.0, True)
        began, wall = _cpu(), time.monotonic()
        report = replay([log], trial, asked.processes)
        seconds, wall = _cpu() - began, time.monotonic() - wall
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    changed = sum(tally.decisions for tally in report.changes.values())
    print(f"{report.decisions} decisions, {changed} of them changed: {seconds:.1f} s of CPU "
          f"({seconds / report.decisions * 1e6:.0f} us each), {wall:.1f} s in {asked.processes} processes, "
          f"at most {memory:.0f} MiB in one")
    return 0 if seconds * 1e6 / asked.decisions <= MOST_SECONDS and memory <= MOST_MEMORY else 1


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))


if __name__ == "__main__":
    sys.exit(main())
