"""HTTP/2 beside HTTP/1.1, both of the product: the same requests, by the same program (h2load), in one run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.measure import Target, Void, cpu_seconds
from bench.report import Row, Series

if TYPE_CHECKING:
    from bench.stage import Stage

#: As many requests at once either way: 8 connections of 8 streams, 64 connections of one request.
_VERSIONS: tuple[tuple[str, Sequence[str]], ...] = (
    ("HTTP/2", ("-c8", "-m8")),
    ("HTTP/1.1", ("--h1", "-c64", "-m1")),
)
#: How many times HTTP/1.1's rate HTTP/2 is to have.
GOAL = 1.3
#: How often h2load may hang before a run is void.
_TRIES = 3
#: Heads of the table's columns.
SIDES = ("HTTP/2", "HTTP/1.1")


def ask(target: Target, options: Sequence[str], seconds: float) -> tuple[float, int]:
    """Ask as fast as answers come; gives requests a second and requests. Raises Void unless each is answered with 2xx."""
    host, _, rest = target.url.partition("//")[2].partition("/")
    command = ["h2load", f"-D{max(1, round(seconds))}", *options, f"--connect-to={host}"]
    fields = ["-H", f"cookie: {target.cookie}"] if target.cookie else []
    return read_h2load(*run_h2load([*command, *fields, f"https://{target.host}/{rest}"], seconds + 10))


def run_h2load(command: Sequence[str], seconds: float) -> tuple[str, str]:
    """What it prints, on both ways. Raises Void when it does not end within so many seconds, `_TRIES` times.

    After its time h2load stops the clients that have a connection, and waits for ever for one whose handshake has not ended
    by then: on a machine that is busy enough, that is its own fault and nobody else's.
    """
    for _ in range(_TRIES):
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
        return ended.stdout, ended.stderr
    raise Void(f"h2load has not ended within {seconds:g} s, {_TRIES} times")


def read_h2load(text: str, errors: str = "") -> tuple[float, int]:
    """What h2load prints. Raises Void."""
    rate = re.search(r"finished in [^,]+, ([\d.]+) req/s", text)
    counts = re.search(r"requests: .* (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", text)
    if rate is None or counts is None or counts[1] != counts[2] or not float(rate[1]):
        raise Void(f"h2load: {(counts[0] if counts else text + errors).strip() or 'said nothing'}")
    return float(rate[1]), int(counts[1])


def run_http2(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """Small requests in interleaved rounds: the version that goes first changes each time."""
    targets = [("GET 1 KiB, signed in", there.product("guard", "/small")),
               ("GET 32 KiB, signed in", there.product("guard", "/page"))]
    rows = []
    for name, target in targets:
        rates, service, connector = ((Series(), Series()) for _ in range(3))
        for _, options in _VERSIONS:
            ask(target, options, 1)
        for number in range(there.effort.rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                pids = there.pids("service"), there.pids("connector")
                before = cpu_seconds(pids[0]), cpu_seconds(pids[1])
                rate, requests = ask(target, _VERSIONS[side][1], there.effort.seconds)
                rates[side].values.append(rate)
                for series, one, start in zip((service, connector), pids, before, strict=True):
                    series[side].values.append((cpu_seconds(one) - start) / requests * 1e6)
        rows += [
            Row(name, "requests/s", *rates, goal=GOAL),
            Row(f"{name}: CPU, service", "us a request", *service),
            Row(f"{name}: CPU, connector", "us a request", *connector),
        ]
        say(f"HTTP/2 beside HTTP/1.1, {name}: done")
    return rows
