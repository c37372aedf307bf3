"""The application of many idle WebSockets, and what the bench says of its figures."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from bench.websockets import _PING, _PONG, MOST_CPU, MOST_KIB, Application, Idle

FINE = Idle(100, 10.0, dict(MOST_KIB), dict.fromkeys(MOST_KIB, MOST_CPU), 30, 30, 0)


class Written(list[bytes]):
    """A transport."""

    write = list.append


def test_an_upgrade_then_a_pong_for_each_ping() -> None:
    """Several that come in one read, too; what is no upgrade is answered and goes on."""
    written, one = Written(), Application()
    one._transport = cast(asyncio.Transport, cast(Any, written))
    one._open = False
    one.data_received(b"GET / HTTP/1.1\r\n\r\n")
    one.data_received(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    one.data_received(_PING * 3)
    assert [each[:12] for each in written] == [b"HTTP/1.1 204", b"HTTP/1.1 101", _PONG * 3]
    assert _PING.count(b"\x89") == 1, "a mask that looks like a ping is counted as one"


def test_what_misses_a_bar_is_named() -> None:
    """Memory, CPU, sockets that were lost and keep-alives without an answer."""
    assert FINE.wrong == []
    for change in ({"lost": 1}, {"pongs": 29}, {"kib": {"service": 60.1}}, {"kib": {"connector": 45.1}},
                   {"cpu": {"connector": 5.1}}):
        assert len(replace(FINE, **cast(Any, change)).wrong) == 1, change
