"""Streams that fit nowhere, and one whose reader stops: every byte checked, and the memory of both programs meanwhile."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from appproxy.demo.streams import BLOCK, MIB
from bench.measure import Void, memory
from bench.report import Row, Series

if TYPE_CHECKING:
    from bench.stage import Stage

#: MiB above their level before that service and connector may take while streams pass.
MOST_GROWTH = 64
#: Seconds between two looks at the memory.
_LOOK = 0.1
#: MiB of the stream whose reader stops: more than all buffers on the way hold, many times over.
_STOPPED_MIB = 256
_PROGRAMS = ("service", "connector")


def run_long(there: Stage, mib: int, pause: float, say: Callable[[str], None]) -> list[Row]:
    """So many MiB down and up, then a download whose reader stops for `pause` seconds. Raises Void on a wrong byte."""
    # What is made only once is made before the level is taken.
    _down(there, 8)
    _up(there, 8)
    level = {name: memory(there.pids(name)) for name in _PROGRAMS}
    size = f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"
    rows = []
    for name, move in (
        (f"{size} down", lambda: _down(there, mib)),
        (f"{size} up", lambda: _up(there, mib)),
        (f"reader stopped for {pause:g} s", lambda: _down(there, _STOPPED_MIB, pause)),
    ):
        with _peaks(there) as peaks:
            seconds = move()
        if "stopped" not in name:
            rows.append(Row(f"{name}, hash checked", "MB/s", Series([mib * MIB / seconds / 1e6])))
        rows += [
            Row(f"{name}: growth of the {program}", "MiB", Series([(peaks[program] - level[program]) / MIB]), most=MOST_GROWTH)
            for program in _PROGRAMS
        ]
        say(f"{name}: done")
    return rows


@contextmanager
def _peaks(there: Stage) -> Iterator[dict[str, int]]:
    """The highest memory of each program within the block."""
    peaks = dict.fromkeys(_PROGRAMS, 0)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            for name in _PROGRAMS:
                peaks[name] = max(peaks[name], memory(there.pids(name)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def expected(mib: int) -> str:
    """The SHA-256 of so many MiB of the sample application's stream, in hex."""
    digest = hashlib.sha256()
    for _ in range(mib * (MIB // len(BLOCK))):
        digest.update(BLOCK)
    return digest.hexdigest()


def _down(there: Stage, mib: int, pause: float = 0.0) -> float:
    """Download, stop for `pause` seconds after the first byte, go on; gives seconds. Raises Void."""
    target = there.product("open", f"/download/{mib}")
    curl = subprocess.Popen(["curl", "-skf", *target.fields(), target.url], stdout=subprocess.PIPE)
    assert curl.stdout is not None
    digest = hashlib.sha256()
    began = time.monotonic()
    try:
        while piece := curl.stdout.read(len(BLOCK)):
            digest.update(piece)
            if pause:
                curl.send_signal(signal.SIGSTOP)
                time.sleep(pause)
                curl.send_signal(signal.SIGCONT)
                pause = 0.0
    finally:
        seconds = time.monotonic() - began
        curl.stdout.close()
        curl.wait(30)
    if curl.returncode or digest.hexdigest() != expected(mib):
        raise Void(f"{mib} MiB down: curl ended with code {curl.returncode}, or the bytes are not those that were sent")
    return seconds


def _up(there: Stage, mib: int) -> float:
    """Upload a stream that is made on the way, without a length; gives seconds. Raises Void."""
    target = there.product("open", "/upload")
    command = ["curl", "-skf", "--http1.1", "-H", "Expect:", "-T", "-", *target.fields(), target.url]
    began = time.monotonic()
    curl = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert curl.stdin is not None and curl.stdout is not None
    digest = hashlib.sha256()
    try:
        for _ in range(mib * (MIB // len(BLOCK))):
            curl.stdin.write(BLOCK)
            digest.update(BLOCK)
        curl.stdin.close()
        answer = curl.stdout.read()
    except BrokenPipeError:
        answer = b""
    curl.wait(60)
    seconds = time.monotonic() - began
    try:
        arrived = json.loads(answer)
    except ValueError:
        arrived = {}
    if curl.returncode or arrived != {"size": mib * MIB, "sha256": digest.hexdigest()}:
        raise Void(f"{mib} MiB up: curl ended with code {curl.returncode}, the application says {arrived}")
    return seconds
