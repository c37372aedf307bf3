"""python -m bench.held HOST:PORT: an application whose /events begin and then say nothing; all else is answered at once."""

from __future__ import annotations

import asyncio
import resource
import sys

_EVENTS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"f\r\ndata: hello\r\n\r\n\r\n"
)
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


class Held(asyncio.Protocol):
    """One connection. Requests have no bodies, and come one after the other."""

    def __init__(self) -> None:
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """More of a head."""
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            self._transport.write(_EVENTS if head.split(b" ", 2)[1].startswith(b"/events") else _PAGE)


async def _serve(host: str, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Held, host, port, backlog=4096)
    print("held ready", flush=True)
    await server.serve_forever()


def main() -> None:
    """Run until the process is ended."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host, _, port = sys.argv[1].rpartition(":")
    asyncio.run(_serve(host, int(port)))


if __name__ == "__main__":
    main()
