"""What an option costs a small request: a system with it beside one without, both whole, in interleaved rounds.

    python -m bench.options traces   # one request of a hundred is traced, and posted to a collector
    python -m bench.options limits   # all rates of an application and of the service, none of which is met

The figure is CPU time of service and connector together; short rounds, of which each is compared by itself, so that what
disturbs the machine disturbs both sides.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from appproxy.demo.supervisor import Supervisor
from bench.applications import Side, ready
from bench.measure import cpu_seconds, requests
from bench.reference import Reference
from bench.report import Row, Series, table
from tests.end_to_end.collector import CollectorStandIn
from tests.end_to_end.world import World, environment

#: How much more CPU a small request may take with the option.
MOST = {"traces": 1.03, "limits": 1.02}
ROUNDS, SECONDS = 30, 2.0
#: Far more than anybody asks for here, so that each request is counted and none refused.
_RATE = "1000000/1000000"
_CONNECTIONS = 32


def switch_traces(world: World, collector: CollectorStandIn) -> None:
    """Both programs post to it; the share of requests stays as it is by default."""
    for file in (world.state / "service.toml", world.directory / "connector" / "connector.toml"):
        text = file.read_text()
        if '#collector = ""' not in text:
            raise ValueError(f"{file}: the settings have another form")
        file.write_text(text.replace('#collector = ""', f'collector = "{collector.url}"'))


def switch_limits(world: World, collector: CollectorStandIn) -> None:
    """All five that there are; the wide ones of the service in its settings."""
    file = world.state / "service.toml"
    text = file.read_text()
    for key in ("address_rate", "address_burst", "total_rate", "total_burst"):
        before = text
        text = "\n".join(f"{key} = 1000000" if line.startswith(f"#{key} = ") else line for line in text.splitlines()) + "\n"
        if text == before:
            raise ValueError(f"{file}: {key} is not there")
    file.write_text(text)
    world.admin("app", "set", "guard", *(f"{key}={_RATE}" for key in ("address_rate", "user_rate", "rate")))


SWITCHES: Mapping[str, Callable[[World, CollectorStandIn], None]] = {"traces": switch_traces, "limits": switch_limits}


@contextmanager
def two_sides(
    directory: Path, option: str, collector: CollectorStandIn, say: Callable[[str], None]
) -> Iterator[tuple[Side, Side]]:
    """A system with the option and one without; all ends with the block."""
    folders = directory / "with", directory / "without"
    for folder in folders:
        (folder / "logs").mkdir(parents=True)
    with Supervisor(folders[0] / "logs", environment()) as first, Supervisor(folders[1] / "logs", environment()) as second:
        nginx = directory / "nginx"
        nginx.mkdir()
        url = Reference(nginx, first).start_application(1 << 20)
        sides = ready(folders[0], first, url, 1, say), ready(folders[1], second, url, 1, say)
        world = sides[0].world
        SWITCHES[option](world, collector)
        for name in ("connector", "service"):
            first.end(name)
        world.start_service()
        world.start_connector("connector")
        yield sides


def run(directory: Path, option: str, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Row]:
    """CPU a request, and rates."""
    collector = CollectorStandIn()
    cpu, rates = (Series(), Series()), (Series(), Series())
    try:
        with two_sides(directory, option, collector, say) as sides:
            for side in sides:
                requests(side.target, _CONNECTIONS, 2)
            for number in range(rounds):
                for at in (0, 1) if number % 2 == 0 else (1, 0):
                    _round(sides[at], seconds, cpu[at], rates[at])
            say(f"{rounds} rounds: done")
            if option == "traces" and not collector.spans:
                raise ValueError("the collector has heard nothing")
    finally:
        collector.stop()
    return [
        Row("small GET, signed in: CPU", "us a request", *cpu, most_ratio=MOST[option], paired=True),
        Row("the same: rate", "requests/s", *rates, paired=True)]


def _round(side: Side, seconds: float, cpu: Series, rates: Series) -> None:
    pids = [*side.pids("service"), *side.pids("connector")]
    before = cpu_seconds(pids)
    load = requests(side.target, _CONNECTIONS, seconds)
    cpu.values.append((cpu_seconds(pids) - before) / load.requests * 1e6)
    rates.values.append(load.rate)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code is 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("option", choices=sorted(SWITCHES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        rows = run(Path(name), given.option, given.rounds, given.seconds, lambda text: print(text, file=sys.stderr))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(table(rows, (f"with {given.option}", "without")))
    return 0 if not any(row.verdict().startswith("beyond") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
