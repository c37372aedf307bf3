"""Sign-ins through the built-in provider: what they cost the service, how many there may be, and what others notice."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from math import inf
from urllib.parse import urlsplit

from appproxy.demo.start import free_port
from appproxy.demo.supervisor import twistd
from appproxy.provider.passwords.rules import hash_password, verify
from appproxy.testing.forms import Form
from bench.h2_client import Browser, connect, tls
from bench.measure import cpu_seconds, family
from bench.others import Others
from bench.report import Row, Series
from tests.end_to_end.world import DOMAIN, PASSWORD, PATIENCE, World

#: What is wanted: milliseconds of CPU beside argon2, sign-ins a second without it, and how much longer others may wait.
MOST_CPU, LEAST_RATE, MOST_RATIO = 60.0, 50.0, 2.0
_NAME = "pages"
_OTHERS = 10
#: Browsers that sign in are machines elsewhere: here they give way to the service, and to others' browsers.
_NICE = 10
#: So many sign in at once, of whom others are to notice little.
_AT_ONCE = 16
#: Sign-ins before anything is counted: what is made only once, such as statements and key sets.
_FIRST = 8


@dataclass(frozen=True, slots=True)
class SignInEffort:
    """`users` sign in in turn; `sign_ins` each time; `quiet`: seconds in which nothing happens, to compare with."""

    users: int = 40
    sign_ins: int = 400
    quiet: float = 20.0


class CheapWorld(World):
    """A service whose password hashes cost next to nothing (`bench.cheap_passwords`)."""

    def start_service(self) -> None:
        """Start the service; it is ready when this returns."""
        options = ["-n", "--pidfile=", "appproxy-service", "--state", str(self.state)]
        command = [twistd()[0], "-m", "bench.cheap_passwords", *options]
        self.supervisor.start("service", command, "appproxy-service ready on https://", PATIENCE)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many who sign in at once, `rate` a second, and what others saw: the 99th percentile of their requests in seconds, in a
    quiet time before and meanwhile; how many they `asked`, and how many were `refused`.
    """

    rate: float
    quiet: float
    during: float
    asked: int
    refused: int


async def sign_in(world: World, user: str, number: int) -> Browser:
    """A new browser types the password, and has the page in the end; gives its connection to the application."""
    context = tls(world.anchor)
    hosts = {name: await connect(context, world.port, f"{name}.{DOMAIN}", "", number) for name in (_NAME, "signin")}
    where, form = f"https://{_NAME}.{DOMAIN}/page", None
    while True:
        parts = urlsplit(where)
        name = (parts.hostname or f"signin.{DOMAIN}").partition(".")[0]
        answer = await hosts[name].load(parts.path + (f"?{parts.query}" if parts.query else ""), form)
        if (location := answer.head.get(b"location")) is not None:
            where, form = location.decode(), None
        elif name == _NAME:
            hosts["signin"].close()
            return hosts[_NAME]
        else:
            page = Form(answer.body.decode())
            where = f"https://signin.{DOMAIN}{page.action}"
            form = {**page.fields, "username": user, "password": PASSWORD}


async def _many(world: World, effort: SignInEffort, at_once: int, numbers: Iterator[int], rate: float = inf) -> float:
    """So many sign-ins, `at_once` at the same time and at most `rate` a second; gives how many a second."""
    left = iter(range(effort.sign_ins))

    async def some() -> None:
        for place in left:
            await asyncio.sleep(began + place / rate - time.monotonic())
            number = next(numbers)
            (await sign_in(world, f"user-{number % effort.users}", number)).close()

    began = time.monotonic()
    await asyncio.gather(*(some() for _ in range(at_once)))
    return effort.sign_ins / (time.monotonic() - began)


def argon2_seconds() -> float:
    """CPU of one check, the least of ten: what else uses the machine makes it no less."""
    kept = hash_password(PASSWORD)
    costs = []
    for _ in range(10):
        began = time.thread_time()
        verify(kept, PASSWORD)
        costs.append(time.thread_time() - began)
    return min(costs)


def _prepare(world: World, effort: SignInEffort) -> None:
    address = f"127.0.0.1:{free_port()}"
    world.supervisor.start("held", [sys.executable, "-m", "bench.held", address], "held ready")
    world.publish(_NAME, f"http://{address}", "--set", "assignment_required=no")
    for number in range(effort.users):
        world.admin("user", "add", f"user-{number}", "--password-stdin", stdin=PASSWORD + "\n")


async def _cost(world: World, effort: SignInEffort, say: Callable[[str], None]) -> tuple[list[Row], Crowd]:
    """With real hashes: CPU, and what others notice while as many passwords as can be are checked."""
    pids, numbers = family(world.supervisor.find("service").process.pid), count(1000)
    await _first(world, effort)
    before = cpu_seconds(pids)
    rate = await _many(world, effort, 1, numbers)
    used = (cpu_seconds(pids) - before) / effort.sign_ins
    argon2 = argon2_seconds()
    say(f"one after the other: {rate:.1f} sign-ins a second; {used * 1e3:.0f} ms of CPU each, argon2 {argon2 * 1e3:.0f} of it")
    crowd = await _crowd(world, effort, numbers)
    say(f"{_AT_ONCE} at once: {crowd.rate:.1f} sign-ins a second")
    return [
        Row("CPU of the service for a sign-in, beside argon2", "ms", Series([(used - argon2) * 1e3]), most=MOST_CPU),
        Row(f"others' p99 while {_AT_ONCE} sign in at once, beside a quiet time", "ms", Series([crowd.during * 1e3]),
            Series([crowd.quiet * 1e3])),
        Row("others' requests that were refused", f"of {crowd.asked:,}", Series([crowd.refused]), most=0.0),
    ], crowd


async def _crowd(world: World, effort: SignInEffort, numbers: Iterator[int], rate: float = inf) -> Crowd:
    """What others notice of sign-ins, at most so many a second."""
    browsers = [await sign_in(world, f"user-{number % effort.users}", number) for number in range(_OTHERS)]
    others = await Others.begin(world.anchor, world.port, f"{_NAME}.{DOMAIN}", "/page", browsers)
    # Not before: others' process would have it, too, and wait for those that sign in.
    os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    await asyncio.sleep(2.0)
    began = time.monotonic()
    await asyncio.sleep(effort.quiet)
    quiet_ended = time.monotonic()
    rate = await _many(world, effort, _AT_ONCE, numbers, rate)
    ended = time.monotonic()
    seen = await others.end()
    return Crowd(rate, seen.p99(began, quiet_ended), seen.p99(quiet_ended, ended), len(seen.answers), seen.refused())


async def _first(world: World, effort: SignInEffort) -> None:
    """Some that are not counted."""
    for number in range(_FIRST):
        (await sign_in(world, f"user-{number % effort.users}", number)).close()


def run_sign_in(world: World, effort: SignInEffort, say: Callable[[str], None]) -> tuple[list[Row], Crowd]:
    """In a world of its own, which has been built, with real hashes."""
    _prepare(world, effort)
    return asyncio.run(_cost(world, effort, say))


def run_cheap(world: World, effort: SignInEffort, say: Callable[[str], None], real: Crowd) -> list[Row]:
    """The same in a `CheapWorld`: how many sign-ins a second there may be, and what others notice of as many as with `real`
    hashes: what they notice more there is argon2's doing.
    """
    _prepare(world, effort)
    pids = family(world.supervisor.find("service").process.pid)
    asyncio.run(_first(world, effort))
    before, own = cpu_seconds(pids), time.process_time()
    rate = asyncio.run(_many(world, effort, 8, count(1000)))
    used, own = (cpu_seconds(pids) - before) / effort.sign_ins, (time.process_time() - own) / effort.sign_ins
    say(f"without argon2: {used * 1e3:.0f} ms of CPU for a sign-in")
    crowd = asyncio.run(_crowd(world, effort, count(5000), real.rate))
    say(f"as many as before, without argon2: {crowd.rate:.1f} sign-ins a second; others' p99 {crowd.during * 1e3:.1f} ms, "
        f"{crowd.quiet * 1e3:.1f} in a quiet time")
    return [
        Row("others' p99 while passwords are checked, beside as many sign-ins without argon2", "ms",
            Series([real.during * 1e3]), Series([crowd.during * 1e3]), most_ratio=MOST_RATIO),
        Row("sign-ins a second, without argon2", "1/s", Series([rate]), Series([LEAST_RATE]), goal=1.0),
        Row("CPU of the service for a sign-in, without argon2", "ms", Series([used * 1e3])),
        # They have the same processors, and in life machines of their own: two handshakes are most of it.
        Row("CPU of the browsers for a sign-in", "ms", Series([own * 1e3])),
        Row("what the service could do with all of one processor", "1/s", Series([1 / used])),
    ]
