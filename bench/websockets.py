"""Very many idle WebSockets through one process of the service and one connector: memory and CPU of each.

    python -m bench.websockets [--sockets 10000] [--seconds 600] [--every 30] [--check]

Each is pinged by its client every so many seconds, evenly spread, and the application answers. `--check` is short: 200 sockets
for ten seconds. It takes two open files for each socket at the service, and one at each of the others.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import resource
import secrets
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appproxy.demo.supervisor import Supervisor
from appproxy.net.descriptors.open_files import shares
from bench.measure import Void, cpu_seconds, family, memory
from tests.end_to_end.ports import free_port
from tests.end_to_end.world import DOMAIN, World, environment

#: Bars: KiB of a socket at either program, and percent of a core.
MOST_KIB = {"service": 60.0, "connector": 45.0}
MOST_CPU = 5.0
#: Handshakes at a time.
_AT_ONCE = 50
_SETTLES = 5.0
#: Sockets and seconds of `--check`, and how often each is pinged then.
_SHORT = 200, 10.0, 5.0
#: Without a payload, and the client's masked (RFC 6455 section 5.2).
_PING, _PONG = b"\x89\x80mask", b"\x8a\x00"


class Application(asyncio.Protocol):
    """`python -m bench.websockets serve PORT`: takes each upgrade, and answers each ping."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open = False

    def data_received(self, data: bytes) -> None:
        """A head, or a ping without a payload (six bytes, for it is masked)."""
        if self._open:
            self._transport.write(_PONG * data.count(b"\x89"))
        elif data.endswith(b"\r\n\r\n") and b"pgrade: websocket" in data:
            self._open = True
            self._transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        else:
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Application, "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


class Sockets:
    """Those of the clients, of which each is in this process."""

    def __init__(self, world: World, every: float) -> None:
        self._world, self._every = world, every
        self._context = ssl.create_default_context(cafile=str(world.anchor))
        self._open: list[asyncio.StreamWriter] = []
        self._readers: list[asyncio.Task[None]] = []
        self.pongs = self.lost = 0

    async def open(self, count: int) -> None:
        """So many. Raises Void."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one() -> None:
            async with gate:
                await self._one()

        await asyncio.gather(*(one() for _ in range(count)))

    async def _one(self) -> None:
        host = f"held.{DOMAIN}"
        reader, writer = await asyncio.open_connection("127.0.0.1", self._world.port, ssl=self._context, server_hostname=host)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}:{self._world.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Void(f"a WebSocket was not opened: {head[:80]!r}")
        self._open.append(writer)
        self._readers.append(asyncio.create_task(self._read(reader)))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(64):
            self.pongs += data.count(_PONG)
        self.lost += 1

    async def keep_alive(self, seconds: float) -> int:
        """Ping each of them every so many seconds, evenly spread; gives how many PINGs were sent."""
        began, sent = time.monotonic(), 0
        while (now := time.monotonic() - began) < seconds:
            for _ in range(int(now / self._every * len(self._open)) - sent):
                self._open[sent % len(self._open)].write(_PING)
                sent += 1
            await asyncio.sleep(0.05)
        await asyncio.sleep(min(_SETTLES, self._every))
        return sent

    async def close(self) -> None:
        """All of them."""
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._readers, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Idle:
    """What came of it: by program, KiB a socket and percent of a core; keep-alives that were sent and answered."""

    sockets: int
    seconds: float
    kib: dict[str, float]
    cpu: dict[str, float]
    pings: int
    pongs: int
    lost: int

    @property
    def wrong(self) -> list[str]:
        """Bars that are not met, and what was lost."""
        found = [f"{name}: {each:.1f} KiB a socket, and {MOST_KIB[name]:g} are allowed"
                 for name, each in self.kib.items() if each > MOST_KIB[name]]
        found += [f"{name}: {each:.1f} % of a core, and {MOST_CPU:g} are allowed"
                  for name, each in self.cpu.items() if each > MOST_CPU]
        return found + [f"{self.lost} sockets were lost"] * bool(self.lost) + (
            [f"{self.pings - self.pongs} keep-alives were not answered"] if self.pings != self.pongs else [])


async def measure(world: World, count: int, seconds: float, every: float) -> Idle:
    """Of a system that is there."""
    pids = {name: family(world.supervisor.find(name).process.pid) for name in MOST_KIB}
    sockets = Sockets(world, every)
    await sockets.open(min(_AT_ONCE, count))  # what is made once is there by then
    await asyncio.sleep(_SETTLES)
    before = {name: memory(each) for name, each in pids.items()}
    await sockets.open(count - min(_AT_ONCE, count))
    await asyncio.sleep(_SETTLES)
    busy, began = {name: cpu_seconds(each) for name, each in pids.items()}, time.monotonic()
    sent = await sockets.keep_alive(seconds)
    passed = time.monotonic() - began
    cpu = {name: 100 * (cpu_seconds(each) - busy[name]) / passed for name, each in pids.items()}
    more = max(1, count - _AT_ONCE)
    kib = {name: (memory(each) - before[name]) / 1024 / more for name, each in pids.items()}
    found = Idle(count, passed, kib, cpu, sent, sockets.pongs, sockets.lost)
    await sockets.close()
    return found


def run(directory: Path, count: int, seconds: float, every: float) -> Idle:
    """Raises Void where there are too few open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if shares(hard).users < count:
        raise Void(f"{hard} open files are enough for {shares(hard).users} sockets; more by `ulimit -n`, or --sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        port = free_port()
        supervisor.start("held", [sys.executable, "-m", "bench.websockets", "serve", str(port)], "ready", 60)
        world = World(directory, supervisor)
        world.build()
        world.publish("held", f"http://127.0.0.1:{port}", "--preauth", "passthrough")
        time.sleep(_SETTLES)  # the connector hears of it
        return asyncio.run(measure(world, count, seconds, every))


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    if sys.argv[1:2] == ["serve"] and argv is None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        asyncio.run(_serve(int(sys.argv[2])))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every", type=float, default=30.0)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(argv)
    count, seconds, every = _SHORT if given.check else (given.sockets, given.seconds, given.every)
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        found = run(Path(name), count, seconds, every)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}; {found.sockets:,} WebSockets for {found.seconds:.0f} s, "
          f"{found.pings:,} keep-alives, {found.pongs:,} answered, {found.lost} sockets lost")
    for program in MOST_KIB:
        print(f"{program}: {found.kib[program]:.1f} KiB a socket, {found.cpu[program]:.1f} % of a core")
    for one in found.wrong:
        print(f"missed: {one}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
