"""Users of one row: requests at a rate, streams and WebSockets beside them, all of which compare what they get."""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.operations.tally import Failure, Tally
from bench.operations.wire import Broken, Line
from tests.end_to_end.behaviours import LARGE, accept_websocket
from tests.end_to_end.origins import Call, Origin

#: Seconds between two words of a stream, and of a WebSocket.
BEAT = 1.0
#: A user who was cut off comes back after this long, as browsers' event sources do (they take three seconds).
AGAIN = 0.2
#: Frames of a WebSocket: text, the end (RFC 6455 section 11.8).
_TEXT, _CLOSE = 1, 8


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose cookies count at an application of the stage. `host` is what browsers send, `name` what it is called here."""

    name: str
    host: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Load:
    """`rate`: requests a second of all users together."""

    rate: float = 300.0
    users: int = 30
    streams: int = 50
    sockets: int = 50


def prepare(origin: Origin) -> None:
    """What the application answers."""
    origin.on("/large", _large)
    origin.on("/events", _events)
    origin.on("/socket", _socket)


def _large(call: Call) -> bool:
    call.body()
    call.answer(LARGE)
    return True


def _events(call: Call) -> bool:
    call.body()
    call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for number in range(100_000):
        event = b"data: %d\n\n" % number
        call.send(b"%x\r\n%b\r\n" % (len(event), event))
        time.sleep(BEAT)
    return False


def _socket(call: Call) -> bool:
    """Says what it hears, until either end says the last word."""
    accept_websocket(call)
    read = call.connection.read_exactly
    while True:
        kind, size = read(2)
        mask, said = read(4), read(size & 0x7F)
        plain = bytes(one ^ mask[at % 4] for at, one in enumerate(said))
        call.send(bytes([kind, len(plain)]) + plain)
        if kind & 0x0F == _CLOSE:
            return False


class Users:
    """A context: within it they are at work, in a thread of their own. `tally` may be replaced at any time."""

    def __init__(
        self, addresses: Sequence[tuple[str, int]], visitors: Sequence[Visitor], context: ssl.SSLContext, load: Load,
    ) -> None:
        self._addresses = list(addresses)
        self._visitors = visitors
        self._context = context
        self._load = load
        self._turn = 0
        self._stopped = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        #: How many streams and WebSockets are open.
        self.open = 0
        self.tally = Tally()

    def __enter__(self) -> Users:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(90)

    def _run(self) -> None:
        self._loop.run_until_complete(self._all())

    async def _all(self) -> None:
        load = self._load
        work: list[Awaitable[None]] = [self._asks(number) for number in range(load.users)]
        work += [self._held("streams", number, self._stream) for number in range(load.streams)]
        work += [self._held("sockets", number, self._talk) for number in range(load.sockets)]
        tasks = [asyncio.ensure_future(one) for one in work]
        await self._stopped.wait()
        # Requests that are under way are part of what is counted.
        await asyncio.wait(tasks[: load.users], timeout=60)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _dial(self, host: str) -> Line:
        """In turn at each address, and at the others when it is refused there."""
        self._turn += 1
        at = self._turn % len(self._addresses)
        return await Line.open(self._addresses[at:] + self._addresses[:at], host.partition(":")[0], self._context)

    # Requests.

    async def _asks(self, number: int) -> None:
        load, visitor = self._load, self._visitors[number % len(self._visitors)]
        user, chance = f"{visitor.name}/{number}", random.Random(number)
        period = load.users / load.rate
        due = time.monotonic() + period * number / load.users
        line: Line | None = None
        connected = 0.0
        turn = 0
        while not self._stopped.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            turn += 1
            began = time.monotonic()
            if line is not None and line.has_ended:
                line.close()
                line = None
            try:
                if line is None:
                    connected = began
                    line = await self._dial(visitor.host)
                is_last = await self._one(line, visitor, f"{user}-{turn}", chance)
            except (OSError, Broken, TimeoutError) as error:
                self.tally.failures.append(Failure(user, began, f"{error!r}"[:200], connected))
                is_last = True
            else:
                self.tally.done[user] += 1
                self.tally.times.append(time.monotonic() - due)
            if is_last and line is not None:
                line.close()
                line = None
            due = max(due + period, time.monotonic() - period)
        if line is not None:
            line.close()

    async def _one(self, line: Line, visitor: Visitor, case: str, chance: random.Random) -> bool:
        """One request; True: the connection has had its last. Raises Broken."""
        fields = {"X-Case": case, **({"Cookie": visitor.cookie} if visitor.cookie else {})}
        kind = chance.random()
        if kind < 0.02:
            wanted = LARGE
            line.ask("GET", "/large", visitor.host, fields)
        else:
            # Most are small, some travel on a connection of their own.
            wanted = chance.randbytes(50_000 if kind < 0.05 else chance.randrange(1, 2000))
            line.ask("POST" if kind < 0.5 else "PUT", "/", visitor.host, fields, wanted)
        answer = await line.answer()
        right = (200, case, hashlib.sha256(wanted).digest())
        found = (answer.status, answer.fields.get("x-answers"), hashlib.sha256(answer.body).digest())
        if found != right:
            raise Broken(f"{answer.status} {answer.fields.get('x-answers')} for {case}: {answer.body[:120]!r}")
        return answer.is_last

    # Streams and WebSockets.

    async def _held(self, kind: str, number: int, use: Callable[[Line, Visitor], Awaitable[str]]) -> None:
        """Open it, again whenever it ends."""
        visitor = self._visitors[number % len(self._visitors)]
        while not self._stopped.is_set():
            line: Line | None = None
            try:
                line = await self._dial(visitor.host)
                how = await use(line, visitor)
            except (OSError, EOFError, Broken, TimeoutError) as error:
                how = "broken" if not isinstance(error, Broken) else "refused"
                if isinstance(error, Broken):
                    self.tally.wrong.append(f"{kind} of {visitor.name}/{number}: {error}")
            finally:
                if line is not None:
                    line.close()
            self.tally.ended[kind][how] += 1
            await asyncio.sleep(AGAIN)

    async def _stream(self, line: Line, visitor: Visitor) -> str:
        line.ask("GET", "/events", visitor.host, {"Accept": "text/event-stream", "X-Case": "events", "Cookie": visitor.cookie})
        head = await line.head()
        if head.status != 200:
            raise Broken(f"{head.status} for a stream")
        with self._counted():
            number = 0
            rest = b""
            async for piece in line.pieces():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if event != b"data: %d" % number:
                        raise Broken(f"{event!r} where {number} was next")
                    number += 1
        return "ended"

    async def _talk(self, line: Line, visitor: Visitor) -> str:
        line.ask("GET", "/socket", visitor.host, {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "X-Case": "socket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": f"https://{visitor.host}", "Cookie": visitor.cookie})
        head = await line.head()
        if head.status != 101:
            raise Broken(f"{head.status} for a WebSocket")
        with self._counted():
            for number in range(100_000):
                line.say(_TEXT, said := b"word %d" % number)
                kind, heard = await line.frame()
                if kind == _CLOSE:
                    line.say(_CLOSE, heard[:2])
                    return f"closed with {int.from_bytes(heard[:2], 'big')}"
                if heard != said:
                    raise Broken(f"{heard!r} where {said!r} was said")
                # A last word may come at any time.
                with suppress(TimeoutError):
                    kind, heard = await asyncio.wait_for(line.frame(), BEAT)
                    line.say(_CLOSE, heard[:2])
                    return f"closed with {int.from_bytes(heard[:2], 'big')}"
        return "ended"

    def _counted(self) -> _Open:
        return _Open(self)


class _Open:
    """A context: one more is open."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def __enter__(self) -> None:
        self._users.open += 1

    def __exit__(self, *_: object) -> None:
        self._users.open -= 1
