"""A browser's connection in an asyncio program: many requests at once over HTTP/2, and streams that stay open."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from ngh2 import Connection, Role
from ngh2 import events as h2

from bench.measure import Void

#: Seconds for an answer.
_PATIENCE = 120.0


@dataclass(slots=True)
class Stream:
    """One request: `began` fires with the status, `over` with the moment (monotonic) at which the answer ended."""

    began: asyncio.Future[int]
    over: asyncio.Future[float]
    head: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class Browser(asyncio.Protocol):
    """One connection to `host` (without port); it keeps the cookies that it is given. See `connect`."""

    def __init__(self, authority: str, cookie: str) -> None:
        self._authority = authority.encode()
        self._jar = dict(pair.split("=", 1) for pair in cookie.split("; ") if pair)
        self._session = Connection(Role.CLIENT)
        self._streams: dict[int, Stream] = {}
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is done."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._session.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes of the service."""
        self._session.receive_data(data)
        for event in self._session.events():
            match event:
                case h2.ResponseReceived(stream, headers, ended):
                    self._head(self._streams[stream], list(headers))
                    self._end(stream, ended)
                case h2.DataReceived(stream, piece, ended):
                    self._streams[stream].body += piece
                    self._end(stream, ended)
                case h2.StreamReset(stream, _):
                    self._end(stream, True)
        self._flush()

    def connection_lost(self, reason: Exception | None) -> None:
        """All that was open ends with it."""
        for number in list(self._streams):
            self._end(number, True)

    def _head(self, stream: Stream, headers: list[tuple[bytes, bytes]]) -> None:
        for name, value in headers:
            if name == b"set-cookie":
                kept, _, text = value.partition(b";")[0].decode().partition("=")
                self._jar[kept] = text
        stream.head = dict(headers)
        if not stream.began.done():
            stream.began.set_result(int(stream.head[b":status"]))

    def _end(self, number: int, ended: bool) -> None:
        stream = self._streams.pop(number, None) if ended else None
        if stream is None:
            return
        if not stream.began.done():
            stream.began.set_result(0)
        if not stream.over.done():
            stream.over.set_result(time.monotonic())

    def _flush(self) -> None:
        if self._transport is not None and (data := self._session.data_to_send()):
            self._transport.write(data)

    def send(self, path: str, form: Mapping[str, str] | None = None, *, page: bool = False) -> Stream:
        """GET, or POST with a form; as a person does it (`page`), or else as a script of the page."""
        loop = asyncio.get_running_loop()
        head = [(b":method", b"GET" if form is None else b"POST"), (b":scheme", b"https"), (b":authority", self._authority),
                (b":path", path.encode()), (b"sec-fetch-mode", b"navigate" if page else b"cors"),
                (b"cookie", self.cookie.encode())]
        if form is not None:
            head += [(b"content-type", b"application/x-www-form-urlencoded"), (b"origin", b"https://" + self._authority)]
        stream = Stream(loop.create_future(), loop.create_future())
        number = self._session.send_request(head, end_stream=form is None)
        self._streams[number] = stream
        if form is not None:
            self._session.send_data(number, urlencode(form).encode(), end_stream=True)
        self._flush()
        return stream

    async def load(self, path: str, form: Mapping[str, str] | None = None) -> Stream:
        """A page, whole. Raises Void for anything but 200 and 303."""
        stream = self.send(path, form, page=True)
        await asyncio.wait_for(stream.over, _PATIENCE)
        if stream.began.result() not in (200, 303):
            raise Void(f"{self._authority.decode()}{path.partition('?')[0]} was answered with {stream.began.result()}")
        return stream

    @property
    def cookie(self) -> str:
        """The Cookie field."""
        return "; ".join(f"{name}={value}" for name, value in self._jar.items())

    async def get(self, path: str) -> tuple[int, float]:
        """Status (0 for a connection that was lost) and seconds until the answer was whole."""
        began = time.monotonic()
        stream = self.send(path)
        over = await asyncio.wait_for(stream.over, _PATIENCE)
        return stream.began.result(), over - began

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            self._transport.abort()


def tls(anchor: Path) -> ssl.SSLContext:
    """Trusts this authority alone, and speaks HTTP/2."""
    context = ssl.create_default_context(cafile=str(anchor))
    context.set_alpn_protocols(["h2"])
    return context


async def connect(context: ssl.SSLContext, port: int, host: str, cookie: str, number: int = 0) -> Browser:
    """A connection to the service on this machine, from an address of its own for each `number`. Raises Void."""
    address = f"127.{1 + number // 62500 % 250}.{number // 250 % 250}.{1 + number % 250}"
    try:
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: Browser(f"{host}:{port}", cookie), "127.0.0.1", port, ssl=context, server_hostname=host,
            local_addr=(address, 0), ssl_handshake_timeout=_PATIENCE)
    except OSError as error:
        raise Void(f"{host}: {error}") from error
    return made


class Latencies:
    """Answers to others' requests while something happens: 50 a second over several connections, one after the other."""

    def __init__(self, browsers: list[Browser], path: str) -> None:
        self._browsers = browsers
        self._path = path
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False
        #: When each request was sent (monotonic), how long it took (seconds), and its status.
        self.answers: list[tuple[float, float, int]] = []

    def start(self) -> None:
        """From now on."""
        self._tasks = [asyncio.create_task(self._ask(one, number)) for number, one in enumerate(self._browsers)]

    async def _ask(self, browser: Browser, number: int) -> None:
        pause = len(self._browsers) / 50.0
        await asyncio.sleep(pause * number / len(self._browsers))
        while not self._over:
            began = time.monotonic()
            status, seconds = await browser.get(self._path)
            self.answers.append((began, seconds, status))
            await asyncio.sleep(max(began + pause - time.monotonic(), 0.0))

    async def stop(self) -> None:
        """The last answers come in."""
        self._over = True
        await asyncio.gather(*self._tasks)

    def p99(self, begins: float, ends: float) -> float:
        """Seconds, of requests that were sent in this time. Raises Void for none."""
        found = sorted(seconds for began, seconds, _ in self.answers if begins <= began < ends)
        if not found:
            raise Void("nobody has asked anything")
        return found[min(int(len(found) * 0.99), len(found) - 1)]

    def refused(self, is_right: Callable[[int], bool] = lambda status: status == 200) -> int:
        """Answers that are no good ones."""
        return sum(not is_right(status) for _, _, status in self.answers)
