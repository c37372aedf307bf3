"""An application for tests of fair shares, a process of its own: python -m tests.end_to_end.shares_origin

GET /small, GET /kib/N (so much at once), GET /events (one event, then silence), GET /hang (never), POST /upload (its size).
"""

from __future__ import annotations

import asyncio
from asyncio import IncompleteReadError, StreamReader, StreamWriter

_PIECE = 65_536
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n"


async def answer(reader: StreamReader, writer: StreamWriter) -> None:
    """One connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            path = head.split(b" ", 2)[1]
            length = int(head.split(b"content-length: ")[1].split(b"\r")[0]) if b"content-length: " in head else 0
            await reader.readexactly(length)
            if path == b"/hang":
                await reader.read()
                return
            if path == b"/events":
                writer.write(_OK % b"text/event-stream" + b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
                await reader.read()
                return
            if path.startswith(b"/kib/"):
                size = 1024 * int(path[5:])
                writer.write(_OK % b"text/plain" + b"Content-Length: %d\r\n\r\n" % size)
                for start in range(0, size, _PIECE):  # who does not read costs no more than what fits into buffers
                    writer.write(bytes(min(_PIECE, size - start)))
                    await writer.drain()
                continue
            body = b"%d" % length if length else b"small"
            writer.write(_OK % b"text/plain" + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except (IncompleteReadError, ConnectionError):
        return
    finally:
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2048)
    print(f"ready on http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
