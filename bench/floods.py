"""A flood that a limit refuses: what the others notice of it, who ask 50 times a second.

    python -m bench.floods [--rate 2000] [--rounds 3] [--seconds 10] [address network user application]

Each kind of flood comes in rounds, between a quiet time and the same flood without the limit: from one address, from one /64
with another address each time, of one user who has signed in and comes from everywhere, and to one application. Whoever floods
is elsewhere: here their program gives way to the others (nice).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from bench.h2_client import Browser, Latencies
from bench.measure import Target, Void
from bench.others import Others
from bench.reference import Reference
from bench.report import Row, Series, table
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, environment, until

#: How much longer others may wait (99th percentile).
MOST_RATIO = 2.0
#: Of the flood that is refused at least: the others are let through by the limit.
LEAST_REFUSED = 0.5
_CONNECTIONS, _OTHERS, _NICE = 32, 10, 10
_SCRIPT = str(Path(__file__).with_name("flood.lua"))


@dataclass(frozen=True, slots=True)
class Kind:
    """Who floods `flooded`, from the addresses `source`; the limit there; and which application the others use."""

    limit: str
    source: str
    flooded: str
    used: str


#: By name. Others come from addresses below 127.1: none of these.
KINDS: Mapping[str, Kind] = {
    "address": Kind("address_rate=20/100", "198.51.100.1", "plain", "plain"),
    "network": Kind("address_rate=20/100", "2001:db8:0:1::%x", "plain", "plain"),
    "user": Kind("user_rate=20/100", "2001:db8:%x::1", "guard", "guard"),
    "application": Kind("rate=50/200", "2001:db8:%x::1", "plain", "guard"),
}


@dataclass(frozen=True, slots=True)
class Flooded:
    """What came of a flood: answers a second, and which share of them was a refusal."""

    rate: float
    refused: float


def read_flood(text: str, seconds: float) -> Flooded:
    """What wrk prints. Raises Void where nobody was answered."""
    total = re.search(r"(\d+) requests in", text)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if total is None or not int(total[1]):
        raise Void(f"wrk: {text.strip() or 'said nothing'}")
    return Flooded(int(total[1]) / seconds, int(wrong[1]) / int(total[1]) if wrong else 0.0)


@dataclass(slots=True)
class Rounds:
    """By round: seconds of the 99th percentile in a quiet time, under the flood, and under the same one without the limit."""

    quiet: Series = field(default_factory=Series)
    limited: Series = field(default_factory=Series)
    free: Series = field(default_factory=Series)
    floods: list[Flooded] = field(default_factory=list)
    refused: int = 0

    def rows(self, name: str) -> list[Row]:
        """Of a report."""
        share = Series([one.refused for one in self.floods])
        void = "" if share.median >= LEAST_REFUSED else "nothing was limited"
        return [
            Row(f"{name}: others, p99", "s", self.limited, self.quiet, most_ratio=MOST_RATIO),
            Row(f"{name}: others without the limit, p99", "s", self.free, self.quiet),
            Row(f"{name}: answers to the flood", "a second", Series([one.rate for one in self.floods])),
            Row(f"{name}: of these refused", "share", share, void=void),
            Row(f"{name}: others refused", "", Series([float(self.refused)]), most=0.0),
        ]


class Stage:
    """A system with two applications, and ten users who have signed in to one of them."""

    def __init__(self, world: World, rate: float) -> None:
        self.world = world
        self._pause = 1000.0 * _CONNECTIONS / rate
        self._cookies: list[str] = []
        self._flooder = ""

    def prepare(self, url: str) -> None:
        """Publish, and sign in."""
        world = self.world
        world.publish("plain", url, "--preauth", "passthrough")
        world.publish("guard", url, "--set", "assignment_required=no")
        settings = world.state / "service.toml"
        text = settings.read_text()
        settings.write_text('trusted_proxies = ["127.0.0.1"]\ntrusted_proxies_say = "x-forwarded-for"\n' + text)
        world.supervisor.end("service")
        world.start_service()
        until(lambda: any(one["online"] for one in world.admin_json("connector", "list")), "the connector came back")
        for number in range(_OTHERS):
            world.admin("user", "add", f"other-{number}", "--password-stdin", stdin=PASSWORD + "\n")
        self._flooder, *self._cookies = (self._signed_in(name) for name in (
            "alice", *(f"other-{number}" for number in range(_OTHERS))))

    def _signed_in(self, user: str) -> str:
        visitor = Visitor(self.world.port, self.world.anchor, "127.0.0.2")
        if visitor.sign_in(self.world.url("guard", "/small"), user).status != 200:
            raise Void(f"{user} does not get in")
        return visitor.cookie_field(f"guard.{DOMAIN}")["Cookie"]

    def ask(self, kind: Kind, seconds: float, *, flood: bool) -> tuple[Latencies, Flooded | None]:
        """What the others see for so long."""
        return asyncio.run(self._ask(kind, seconds, flood))

    async def _ask(self, kind: Kind, seconds: float, flood: bool) -> tuple[Latencies, Flooded | None]:
        host = f"{kind.used}.{DOMAIN}"
        browsers = [Browser(host, cookie if kind.used == "guard" else "") for cookie in self._cookies]
        others = await Others.begin(self.world.anchor, self.world.port, host, "/small", browsers)
        if not flood:
            await asyncio.sleep(seconds)
            return await others.end(), None
        said = await asyncio.to_thread(self._flood, kind, seconds)
        return await others.end(), read_flood(said, seconds)

    def _flood(self, kind: Kind, seconds: float) -> str:
        cookie = self._flooder if kind.flooded == "guard" else ""
        target = Target(f"https://127.0.0.1:{self.world.port}/small", f"{kind.flooded}.{DOMAIN}:{self.world.port}", cookie)
        command = ["nice", "-n", str(_NICE), "wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{round(seconds)}s", "-s", _SCRIPT,
                   *target.fields(), target.url]
        variables = {**os.environ, "FLOOD_FROM": kind.source, "FLOOD_PAUSE": str(round(self._pause))}
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, env=variables).stdout

    def run(self, kind: Kind, rounds: int, seconds: float) -> Rounds:
        """Rounds of one kind of flood."""
        found = Rounds()
        name = kind.limit.partition("=")[0]
        for _ in range(rounds):
            self.world.admin("app", "set", kind.flooded, kind.limit)
            seen, _ = self.ask(kind, seconds, flood=False)
            found.quiet.values.append(_p99(seen))
            seen, flooded = self.ask(kind, seconds, flood=True)
            assert flooded is not None
            found.floods.append(flooded)
            found.limited.values.append(_p99(seen))
            found.refused += seen.refused()
            self.world.admin("app", "set", kind.flooded, f"{name}=none")
            seen, _ = self.ask(kind, seconds, flood=True)
            found.free.values.append(_p99(seen))
        return found


def _p99(seen: Latencies) -> float:
    return seen.p99(0.0, float("inf"))


def run(names: Sequence[str], rate: float, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Row]:
    """Rows of a report, kind by kind."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        for folder in ("logs", "nginx"):
            (directory / folder).mkdir()
        with Supervisor(directory / "logs", environment()) as supervisor:
            world = World(directory, supervisor)
            world.build()
            stage = Stage(world, rate)
            stage.prepare(Reference(directory / "nginx", supervisor).start_application(1 << 20))
            rows = []
            for one in names:
                rows += stage.run(KINDS[one], rounds, seconds).rows(one)
                say(f"{one}: done")
            return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.floods", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all")
    parser.add_argument("--rate", type=float, default=2000.0, help="requests a second of the flood, at most")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args(arguments)
    if strange := set(given.kinds) - set(KINDS):
        parser.error(f"there is no flood {sorted(strange)[0]}")

    def say(text: str) -> None:
        print(f"{text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    try:
        rows = run(given.kinds or list(KINDS), given.rate, given.rounds, given.seconds, say)
    except (AppProxyError, AssertionError) as error:
        print(f"the run is void: {error}", file=sys.stderr)
        return 1
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(table(rows, ("flood", "quiet")))
    return 0 if not any(row.verdict().startswith(("beyond", "void: nothing")) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
