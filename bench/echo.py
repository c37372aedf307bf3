"""Messages on one WebSocket, one after the other: the time from each to its echo."""

from __future__ import annotations

import base64
import secrets
import socket
import ssl
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.measure import Target, Void, cpu_seconds
from bench.report import Row, Series

if TYPE_CHECKING:
    from bench.stage import Stage

#: Bytes of a message: those of Autobahn's cases 12 and 13.
SIZES = (16, 256, 4_096)
#: At most so many times the reference's time.
MOST_TIME = 1.3


def _open(target: Target) -> ssl.SSLSocket:
    """A WebSocket. Raises Void."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    parts = urlsplit(target.url)
    plain = socket.create_connection((parts.hostname or "", parts.port or 443), 10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire = context.wrap_socket(plain, server_hostname=target.host.partition(":")[0])
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    wire.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {target.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        if not (piece := wire.recv(4_096)):
            raise Void(f"WebSocket: {head[:60]!r}")
        head += piece
    if not head.startswith(b"HTTP/1.1 101"):
        raise Void(f"WebSocket: {head[:60]!r}")
    return wire


def message(size: int) -> tuple[bytes, int]:
    """A binary message as a client sends it, masked with zeros, and how many bytes its echo has (RFC 6455 section 5.2)."""
    if size < 126:
        return struct.pack(">BBI", 0x82, 0x80 | size, 0) + bytes(size), 2 + size
    return struct.pack(">BBHI", 0x82, 0x80 | 126, size, 0) + bytes(size), 4 + size


def echoes(target: Target, size: int, seconds: float) -> tuple[float, int]:
    """Send and wait for so many seconds; gives microseconds for one round trip, and how many there were."""
    sent, expected = message(size)
    with _open(target) as wire:
        count, began = -20, time.perf_counter()
        while True:
            wire.sendall(sent)
            left = expected
            while left:
                if not (piece := wire.recv(65_536)):
                    raise Void("the WebSocket was closed")
                left -= len(piece)
            count += 1
            if not count:  # the first ones pay for what is made only once
                began = time.perf_counter()
            now = time.perf_counter()
            if count > 0 and now - began >= seconds:
                return (now - began) / count * 1e6, count


def run_echo(there: Stage, say: Callable[[str], None]) -> list[Row]:
    """Each size in interleaved rounds: the side that goes first changes each time."""
    targets = there.product("open", "/echo"), there.hops("/echo")
    seconds = there.effort.seconds / 2
    rows = []
    for size in SIZES:
        times, cpu = (Series(), Series()), (Series(), Series())
        for number in range(there.effort.rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                pids = there.pids("outer-nginx", "inner-nginx") if side else there.pids("service", "connector")
                before = cpu_seconds(pids)
                each, count = echoes(targets[side], size, seconds)
                times[side].values.append(each)
                cpu[side].values.append((cpu_seconds(pids) - before) / count * 1e6)
        rows.append(Row(f"WebSocket, echo of {size:,} bytes", "us a round trip", *times, most_ratio=MOST_TIME))
        rows.append(Row(f"WebSocket, echo of {size:,} bytes: CPU, all hops", "us a round trip", *cpu))
        say(f"WebSocket, echo of {size:,} bytes: done")
    return rows
