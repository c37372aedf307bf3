"""Very many open event streams, and sessions that end: how soon their streams are cut, and what others notice."""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from appproxy.admin.transport.client import AdminClient, read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.config import StatePaths
from appproxy.demo.start import free_port
from appproxy.identity.cookie import CookiePlace, cookie_name, seal_session
from appproxy.identity.session import Session
from appproxy.store.applications import applications
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SignInResult
from appproxy.store.snapshot import BUILTIN
from appproxy.twistd.assembly.passwords import admit_password
from bench.h2_client import Browser, Latencies, Stream, connect, tls
from bench.measure import Void
from bench.report import Row, Series
from tests.end_to_end.world import DOMAIN, World

#: What is wanted: seconds until the streams of one session are cut, and of all; how much longer others may wait meanwhile.
MOST_ONE, MOST_ALL, MOST_RATIO = 1.0, 10.0, 2.0
#: Connections that are being made, and streams that are being opened, at the same time.
_AT_ONCE = 40
#: Seconds from the end of all sessions for which it is looked what others notice.
_AFTER = 5.0
#: Connections of the others.
_OTHERS = 10
_NAME = "held"


@dataclass(frozen=True, slots=True)
class RevocationEffort:
    """`ended`: sessions that are ended one by one; `quiet`: seconds in which nothing happens, to compare with."""

    sessions: int = 2000
    streams: int = 5
    ended: int = 20
    quiet: float = 30.0
    connectors: int = 3


@dataclass(slots=True)
class Opened:
    """A session with its connection and its open streams."""

    session: Session
    browser: Browser
    streams: list[Stream]

    async def cut(self) -> float:
        """When the last of the streams ended (monotonic)."""
        return max(await asyncio.gather(*(stream.over for stream in self.streams)))


def publish(world: World) -> None:
    """The application that holds streams, for everybody who has signed in."""
    address = f"127.0.0.1:{free_port()}"
    world.supervisor.start("held", [sys.executable, "-m", "bench.held", address], "held ready")
    world.publish(_NAME, f"http://{address}", "--set", "assignment_required=no")


def sign_in_many(world: World, count: int) -> list[tuple[Session, str]]:
    """Sessions as another node would have begun them, each of a user of its own, and the cookie field of each."""
    paths = StatePaths(world.state)
    now = datetime.now(UTC).timestamp()
    with closing(open_store(paths, read_settings(paths), os.environ, lambda text: None)) as store:
        snapshot = store.build_snapshot()
        issuer, key = snapshot.providers[BUILTIN].issuer, snapshot.keys[0]
        made: list[tuple[Session, str]] = []
        with store.transaction(now) as tx:
            application = applications.find(tx, _NAME)
            place = CookiePlace(application.id, f"{_NAME}.{DOMAIN}", "/", cookie_name(world.port))
            for number in range(count):
                one = Session(
                    secrets.token_hex(16), f"user-{number}", issuer, BUILTIN, f"User {number}", now, now + 12 * 3600, now,
                    ("pwd",), seen=now)
                session_rows.begin(tx, SignInResult(
                    one.id, one.provider, one.subject, issuer, one.name, secrets.token_hex(16), application.id, one.expires,
                    "127.0.0.1", "bench", now, one.amr, "", {"sub": one.subject}))
                made.append((one, f"{place.name.decode()}={seal_session(one, key, place, secrets.token_bytes(12)).decode()}"))
    return made


def end_many(state: Path, ids: Sequence[str]) -> float:
    """In one transaction, as another node would; gives when it was about to be committed (monotonic)."""
    paths = StatePaths(state)
    with (
        closing(open_store(paths, read_settings(paths), os.environ, print)) as store,
        store.transaction(datetime.now(UTC).timestamp()) as tx,
    ):
        for id_ in ids:
            session_rows.end(tx, id_)
        return time.monotonic()


async def _open(
    world: World, signed_in: Sequence[tuple[Session, str]], streams: int, say: Callable[[str], None]
) -> list[Opened]:
    context, gate = tls(world.anchor), asyncio.Semaphore(_AT_ONCE)
    opened: list[Opened] = []

    async def one(number: int, session: Session, cookie: str) -> None:
        async with gate:
            browser = await connect(context, world.port, f"{_NAME}.{DOMAIN}", cookie, number)
            begun = [browser.send("/events") for _ in range(streams)]
            statuses = await asyncio.gather(*(stream.began for stream in begun))
            if set(statuses) - {200}:
                raise Void(f"an event stream was answered with {sorted(set(statuses))}")
            opened.append(Opened(session, browser, begun))
            if len(opened) % 200 == 0:
                say(f"{len(opened) * streams:,} streams are open")

    await asyncio.gather(*(one(number, *each) for number, each in enumerate(signed_in)))
    return opened


async def _measure(world: World, effort: RevocationEffort, say: Callable[[str], None]) -> list[Row]:
    signed_in = sign_in_many(world, effort.sessions + _OTHERS)
    await asyncio.sleep(2.0)  # the service has seen it
    opened = await _open(world, signed_in[_OTHERS:], effort.streams, say)
    context = tls(world.anchor)
    others = Latencies([await connect(context, world.port, f"{_NAME}.{DOMAIN}", cookie, number)
                        for number, (_, cookie) in enumerate(signed_in[:_OTHERS])], "/page")
    others.start()
    await asyncio.sleep(2.0)
    begins = time.monotonic()
    await asyncio.sleep(effort.quiet)
    quiet = others.p99(begins, time.monotonic())
    say("quiet: done")

    admin, begins, cuts = AdminClient(world.state, admit_password), time.monotonic(), []
    for one in opened[:effort.ended]:
        asked = time.monotonic()
        await asyncio.to_thread(admin.call, "POST", "/sessions/revoke", {"session": one.session.id})
        cuts.append(await asyncio.wait_for(one.cut(), 60.0) - asked)
        await asyncio.sleep(1.0)
    during_one = others.p99(begins, time.monotonic())
    rest = opened[effort.ended:]
    if any(stream.over.done() for each in rest for stream in each.streams):
        raise Void("streams of other sessions have ended")
    say(f"{effort.ended} sessions ended, one by one: done")

    # In a program of its own: this one is to measure.
    with ProcessPoolExecutor(1, get_context("spawn")) as another_node:
        asked = await asyncio.wrap_future(another_node.submit(end_many, world.state, [each.session.id for each in rest]))
    last = max(await asyncio.wait_for(asyncio.gather(*(each.cut() for each in rest)), 120.0))
    await asyncio.sleep(max(asked + _AFTER - time.monotonic(), 2.0))
    during_all = others.p99(asked, max(last, asked + _AFTER))
    await others.stop()
    for each in opened:
        each.browser.close()
    return [
        Row("one session ended: until its streams are cut, the slowest", "s", Series([max(cuts)]), most=MOST_ONE),
        Row("others' p99 while sessions end one by one, beside a quiet time", "ms", Series([during_one * 1e3]),
            Series([quiet * 1e3]), most_ratio=MOST_RATIO),
        Row("all sessions ended at once: until all streams are cut", "s", Series([last - asked]), most=MOST_ALL),
        Row("others' p99 meanwhile", "ms", Series([during_all * 1e3]), Series([quiet * 1e3])),
        Row("others' requests that were refused", f"of {len(others.answers):,}", Series([others.refused()]), most=0.0),
    ]


def run_revocation(world: World, effort: RevocationEffort, say: Callable[[str], None]) -> list[Row]:
    """In a world of its own, which has been built."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for number in range(1, effort.connectors):
        world.join(f"connector-{number + 1}")
        world.start_connector(f"connector-{number + 1}")
    publish(world)
    return asyncio.run(_measure(world, effort, say))
