"""Many idle WebSockets, to see what each costs in memory."""

from __future__ import annotations

import asyncio
import base64
import resource
import secrets
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from bench.measure import Target, Void

#: Handshakes at a time: enough to be quick, few enough not to be a storm.
_AT_ONCE = 50


async def open_many(target: Target, count: int, then: Callable[[], None]) -> None:
    """Open `count` WebSockets, then call `then` while all of them are idle, then close them. Raises Void."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    parts = urlsplit(target.url)
    gate = asyncio.Semaphore(_AT_ONCE)
    writers: list[asyncio.StreamWriter] = []

    async def one() -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=context, server_hostname=target.host.partition(":")[0]
            )
            key = base64.b64encode(secrets.token_bytes(16)).decode()
            cookie = f"Cookie: {target.cookie}\r\n" if target.cookie else ""
            writer.write(
                f"GET {parts.path} HTTP/1.1\r\nHost: {target.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{cookie}\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                raise Void(f"WebSocket: {head[:60]!r}")
            writers.append(writer)

    try:
        await asyncio.gather(*(one() for _ in range(count)))
        await asyncio.sleep(2)  # what was busy settles
        then()
    finally:
        for writer in writers:
            writer.transport.abort()


def run_idle(target: Target, count: int, then: Callable[[], None]) -> None:
    """Do that from an ordinary program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(open_many(target, count, then))
