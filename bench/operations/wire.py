"""HTTP/1.1 and WebSockets as users of the bench speak them: strictly, and with as little as possible between."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

#: Longest wait for anything that a user asked for.
PATIENCE = 60.0
#: Seconds after which a balancer tries the next node.
CONNECTED = 5.0


class Broken(Exception):
    """The answer did not come, or not whole."""


@dataclass(slots=True)
class Answer:
    """Status, fields (names in lower case) and body."""

    status: int
    fields: dict[str, str]
    body: bytes = b""

    @property
    def is_last(self) -> bool:
        """Does the service close behind it?"""
        return self.fields.get("connection", "").lower() == "close"


class Line:
    """One connection of a user to the service, whichever of its addresses answers: what a balancer does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, addresses: Sequence[tuple[str, int]], host: str, context: ssl.SSLContext) -> Line:
        """To the first of these that lets it in. Raises OSError when none does."""
        for at, address in enumerate(addresses):
            plain = socket.socket()
            plain.setblocking(False)
            try:
                await asyncio.wait_for(asyncio.get_running_loop().sock_connect(plain, address), CONNECTED)
            except (ConnectionRefusedError, TimeoutError):
                plain.close()
                if at == len(addresses) - 1:
                    raise
                continue
            return cls(*await asyncio.wait_for(
                asyncio.open_connection(sock=plain, ssl=context, server_hostname=host), PATIENCE))
        raise AssertionError("no address")

    @property
    def has_ended(self) -> bool:
        """Has the service closed it, between two requests?"""
        return self.reader.at_eof() or self.writer.is_closing()

    def close(self) -> None:
        """Leave."""
        self.writer.transport.abort()

    def ask(self, method: str, target: str, host: str, fields: dict[str, str], body: bytes = b"") -> None:
        """Send a request."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n".encode("latin-1") + body)

    async def head(self) -> Answer:
        """The next head. Raises Broken."""
        try:
            block = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            raise Broken(f"no answer: {error!r}") from error
        first, *lines = block[:-4].decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Answer(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs})

    async def answer(self) -> Answer:
        """The next answer, whole. Raises Broken."""
        found = await self.head()
        try:
            if "content-length" in found.fields:
                found.body = await asyncio.wait_for(self.reader.readexactly(int(found.fields["content-length"])), PATIENCE)
            else:
                found.body = b"".join([piece async for piece in self.pieces()])
        except (OSError, EOFError, TimeoutError) as error:
            raise Broken(f"cut inside an answer: {error!r}") from error
        return found

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body in chunks, until its last one. Raises what reading raises."""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readuntil(b"\r\n")

    async def frame(self) -> tuple[int, bytes]:
        """The next frame of a WebSocket: its kind, and what it says (RFC 6455 section 5.2; none of ours are long)."""
        first, second = await self.reader.readexactly(2)
        return first & 0x0F, await self.reader.readexactly(second & 0x7F)

    def say(self, kind: int, said: bytes) -> None:
        """Send a frame, masked as a user's must be."""
        mask = os.urandom(4)
        masked = bytes(one ^ mask[at % 4] for at, one in enumerate(said))
        self.writer.write(bytes([0x80 | kind, 0x80 | len(said)]) + mask + masked)
