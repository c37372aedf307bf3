"""Many sessions whose tokens last a minute, asked by twenty tabs each at once: how often the provider is, and who notices."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from appproxy.demo.start import free_port
from bench.h2_client import Browser, connect, tls
from bench.measure import Void
from bench.report import Row, Series
from tests.end_to_end.identity_provider import CLIENT, IdentityProvider, identity_provider
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World

_NAME = "minute"
#: Seconds between the provider's word that tokens are over and the next one, at least: its clock is in whole seconds.
_LEEWAY = 1.0


@dataclass(frozen=True, slots=True)
class RefreshEffort:
    """`lasts`: seconds of requests; `away`: from when to when the provider answers 503.

    All `tabs` of a session ask at once, every `pause` seconds: 250 requests a second in all, which leave most of two cores to
    other things. What is measured is who refreshes how often, not how fast.
    """

    sessions: int = 500
    tabs: int = 20
    life: int = 60
    lasts: float = 600.0
    away: tuple[float, float] = (240.0, 360.0)
    pause: float = 40.0


def _sign_in(world: World, corp: IdentityProvider, number: int) -> str:
    """The cookie field of a browser that the provider has signed in."""
    corp.user = f"user-{number}"  # sessions of one are bounded
    visitor = Visitor(world.port, world.anchor, f"127.0.{1 + number // 250}.{1 + number % 250}")
    visitor.elsewhere["localhost"] = urlsplit(corp.issuer).port or 0
    visitor.trust(corp.anchor)
    answer = visitor.navigate(world.url(_NAME))
    if answer.status != 200:
        raise Void(f"a sign-in ended with {answer.status}")
    return visitor.cookie_field(f"{_NAME}.{DOMAIN}")["Cookie"]


async def _ask(browser: Browser, effort: RefreshEffort, number: int, ends: float, statuses: Counter[int]) -> None:
    await asyncio.sleep(effort.pause * number / effort.sessions)
    while (began := time.monotonic()) < ends:
        answers = await asyncio.gather(*(browser.get("/page") for _ in range(effort.tabs)))
        statuses.update(status for status, _ in answers)
        await asyncio.sleep(max(began + effort.pause - time.monotonic(), 0.0))


async def _measure(
    world: World, corp: IdentityProvider, effort: RefreshEffort, say: Callable[[str], None]
) -> tuple[Counter[int], tuple[float, float]]:
    """The statuses of all answers, and when the provider was away (monotonic)."""
    cookies = []
    for number in range(effort.sessions):
        cookies.append(await asyncio.to_thread(_sign_in, world, corp, number))
    say(f"{effort.sessions} sessions have begun")
    context = tls(world.anchor)
    browsers = [await connect(context, world.port, f"{_NAME}.{DOMAIN}", cookie, number)
                for number, cookie in enumerate(cookies)]
    began = time.monotonic()
    statuses: Counter[int] = Counter()
    asking = asyncio.gather(*(
        _ask(browser, effort, number, began + effort.lasts, statuses) for number, browser in enumerate(browsers)))
    await asyncio.sleep(effort.away[0])
    corp.away, left = True, time.monotonic()
    say("the provider is away")
    await asyncio.sleep(effort.away[1] - effort.away[0])
    corp.away, back = False, time.monotonic()
    say("the provider is back")
    await asking
    for browser in browsers:
        browser.close()
    return statuses, (left, back)


def run_refresh(world: World, effort: RefreshEffort, say: Callable[[str], None]) -> list[Row]:
    """In a world of its own, which has been built."""
    address = f"127.0.0.1:{free_port()}"
    world.supervisor.start("held", [sys.executable, "-m", "bench.held", address], "held ready")
    directory = Path(world.directory / "corp")
    directory.mkdir()
    with identity_provider(directory, world.url("signin", "/callback"), world.url("signin", "/signed-out")) as corp:
        corp.lifetime = effort.life
        world.admin("provider", "add", "corp", "--issuer", corp.issuer, "--client-id", CLIENT, "--client-secret-stdin",
                    "--ca-bundle", str(corp.anchor), stdin=corp.secret + "\n")
        world.publish(_NAME, f"http://{address}", "--provider", "corp", "--set", "assignment_required=no")
        statuses, (left, back) = asyncio.run(_measure(world, corp, effort, say))
        _tell(world.supervisor.find("service").output(), bool(corp.reused), say)
        return rows_of(corp, effort, statuses, left, back)


def _tell(log: str, reused: bool, say: Callable[[str], None]) -> None:
    """A token comes twice where an answer has come too late, on a machine that is too busy: the service's log tells."""
    for line in log.splitlines() if reused else ():
        if "refuses to refresh" in line or ("could not be refreshed" in line and "503" not in line):
            say(line)


def rows_of(corp: IdentityProvider, effort: RefreshEffort, statuses: Counter[int], left: float, back: float) -> list[Row]:
    """One refresh for each life of the tokens: two of a session are never nearer, and none is left out while it is asked."""
    refreshed = list(corp.refreshed.values())
    twice = sum(later - earlier < effort.life - _LEEWAY for moments in refreshed for earlier, later in pairwise(moments))
    # After the end of the tokens the next round asks; and after the provider was away the next try, a minute later at most.
    longest = effort.life + 2 * effort.pause
    late = sum(
        later - earlier > longest and not (earlier < back and later > left)
        for moments in refreshed for earlier, later in pairwise(moments))
    counts = sorted(map(len, refreshed))
    return [
        Row("requests", "", Series([statuses.total()])),
        *(Row(f"answers with {status}", "", Series([count])) for status, count in sorted(statuses.items()) if status != 200),
        Row("requests that were redirected or refused", "", Series([statuses.total() - statuses[200]]), most=0.0),
        Row("sessions that were refreshed", f"of {effort.sessions}", Series([len(refreshed)])),
        Row("refreshes of a session, the fewest", "", Series([counts[0] if counts else 0])),
        Row("refreshes of a session, the most", "", Series([counts[-1] if counts else 0])),
        Row("two refreshes within one life of the tokens", "", Series([twice]), most=0.0),
        Row("tokens that came twice", "", Series([len(corp.reused)]), most=0.0),
        Row(f"refreshes that came more than {longest:g} s after the last, provider there", "", Series([late]), most=0.0),
    ]
