"""No file descriptor is free: what is noticed, and what is said."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from twisted.logger import capturedLogs

from appproxy.net.loop import exhaustion
from appproxy.net.loop.exhaustion import Exhaustion, ListeningSocket, is_exhausted, usage


@pytest.fixture
def none_free() -> Iterator[None]:
    """All descriptors up to a lower limit are taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd"))) + 3
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(2))
        yield
    finally:
        for one in taken:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def listening() -> ListeningSocket:
    """On a free port."""
    found = ListeningSocket(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    found.settimeout(5)
    return found


def test_who_comes_in(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A listener says so once a minute, and goes on as ever."""
    monkeypatch.setattr(exhaustion, "EXHAUSTION", Exhaustion())
    with listening() as port, socket.create_connection(port.getsockname()):
        request.getfixturevalue("none_free")
        with capturedLogs() as logs:
            for _ in range(3):
                with pytest.raises(OSError, match="Too many open files"):
                    port.accept()
        found = usage()
    assert [event["log_level"].name for event in logs] == ["error"]
    ago = found["seconds_ago"]
    assert isinstance(ago, float) and ago < 60 and isinstance(found["limit"], int) and found["closed"] == 0


def test_there_are_some() -> None:
    """A connection that is accepted counts for nothing."""
    before = usage()
    with listening() as port, socket.create_connection(port.getsockname()):
        accepted, _ = port.accept()
        accepted.close()
    assert not is_exhausted() and usage()["closed"] == before["closed"]


def test_none_is_free(none_free: None) -> None:
    """It is seen without a connection."""
    assert is_exhausted()
