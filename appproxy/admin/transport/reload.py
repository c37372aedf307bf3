"""Asks a running service for its successor: SIGHUP, then its socket, until another process answers there."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appproxy.admin.transport.client import ALIVE, FAILED_RELOADS, MUTE, RELOADS, WHY, read_settings
from appproxy.config.state import StatePaths
from appproxy.errors import AppProxyError, ConfigError, StoreError

#: Seconds: the service itself gives up after 60.
PATIENCE = 70.0
#: Seconds between two questions.
PAUSE = 0.1
#: Seconds after which a service that is there, and says nothing, is given up: its machine may swap, or be very busy.
MUTE_FOR = 20.0


class _Mute(AppProxyError):
    """Somebody listens at the socket, and has not answered in time."""


def reloaded(
    state: Path, *, kill: Callable[[int, int], None] = os.kill, clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:  # fmt: skip
    """The process that serves now, in the place of the one before.

    Raises ConfigError when the settings are wrong or no service runs, StoreError with the reason of a failure, or because the
    service does not answer; the service that was there goes on then.
    """
    paths = StatePaths(state)
    read_settings(paths)
    old = _first(paths.admin_socket, clock, sleep)
    if old is None:
        raise ConfigError(f"{state}: no service runs on it", hint="start it; docs/operation.md says how")
    kill(int(old["process"]), signal.SIGHUP)
    until = clock() + PATIENCE
    while clock() < until:
        try:
            now = _alive(paths.admin_socket)
        except _Mute:
            now = None
        # A service with several workers stays the same process. One of an earlier version does not count.
        if now is not None and (now["process"], now.get(RELOADS)) != (old["process"], old.get(RELOADS)):
            return int(now["process"])
        if now is not None and now[FAILED_RELOADS] > old[FAILED_RELOADS]:
            raise StoreError(f"the service goes on as it was: {now[WHY]}", hint="see its log")
        sleep(PAUSE)
    raise StoreError(f"no new process serves after {PATIENCE:g} s", hint="see the service's log")


def _first(path: Path, clock: Callable[[], float], sleep: Callable[[float], None]) -> Any:
    """What the service says of itself, None when there is none. One that is mute is asked again. Raises StoreError."""
    until = clock() + MUTE_FOR
    while True:
        try:
            return _alive(path)
        except _Mute:
            if clock() >= until:
                raise StoreError(f"the service does not answer within {MUTE_FOR:g} s", hint="see its log") from None
        sleep(PAUSE)


def _alive(path: Path) -> Any:
    """What the service says of itself; None when there is none, or it has just ended. Raises _Mute."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(MUTE)
            connection.connect(str(path))
            speaking = http.client.HTTPConnection("localhost", timeout=MUTE)
            speaking.sock = connection
            speaking.request("GET", ALIVE)
            return json.loads(speaking.getresponse().read())
    except PermissionError as error:
        raise ConfigError(f"{path}: only root and the user of the service may use it") from error
    except (TimeoutError, BlockingIOError) as error:  # the latter: nobody takes what waits for it to accept
        raise _Mute from error
    except (OSError, http.client.HTTPException, ValueError):
        return None
