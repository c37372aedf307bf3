"""What the sample application streams: uploads that it hashes, downloads that it makes up, a clock. None is kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO

from twisted.internet.interfaces import IPullProducer, IReactorTime
from twisted.internet.task import LoopingCall, cooperate
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from zope.interface import implementer

MIB = 1024 * 1024
#: What a download repeats: 64 KiB without a pattern that a compressing hop could profit from.
BLOCK = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(2048))
#: 16 GiB are enough to prove a point.
MOST_MIB = 16 * 1024


class StreamingRequest(Request):
    """A request whose body is counted and hashed as it arrives, and dropped."""

    def gotLength(self, length: int | None) -> None:
        """The head is complete. Twisted would choose memory or a file for the body here; we need neither."""
        self.content = BytesIO()
        self.size = 0
        self.digest = hashlib.sha256()

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body."""
        self.size += len(data)
        self.digest.update(data)


class UploadResource(Resource):
    """PUT or POST any bytes; the answer tells how many arrived and their SHA-256."""

    isLeaf = True

    def render_PUT(self, request: StreamingRequest) -> bytes:
        """The body has arrived."""
        request.setHeader(b"content-type", b"application/json")
        return json.dumps({"size": request.size, "sha256": request.digest.hexdigest()}).encode() + b"\n"

    render_POST = render_PUT


@implementer(IPullProducer)
class BlocksResource:
    """Writes `size` bytes to a request, as fast as its reader takes them."""

    def __init__(self, request: Request, size: int) -> None:
        self._request = request
        self._left = size

    def resumeProducing(self) -> None:
        """Called whenever the transport has room."""
        piece = BLOCK if self._left >= len(BLOCK) else BLOCK[: self._left]
        self._left -= len(piece)
        self._request.write(piece)
        if not self._left:
            self._request.unregisterProducer()
            self._request.finish()

    def stopProducing(self) -> None:
        """The user left."""
        self._left = 0


class Download(Resource):
    """/download/N gives N MiB, /download/N/sha256 their SHA-256."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self._hashes: dict[int, bytes] = {}

    def render_GET(self, request: Request) -> bytes | int:
        """Check the number, then stream or hash."""
        asked = re.fullmatch(rb"([1-9][0-9]{0,4})(/sha256)?", b"/".join(request.postpath or []))
        if asked is None or int(asked[1]) > MOST_MIB:
            request.setResponseCode(http.NOT_FOUND)
            return f"/download/N or /download/N/sha256, with N from 1 to {MOST_MIB} MiB\n".encode()
        size = int(asked[1]) * MIB
        if asked[2]:
            return self._answer_hash(request, size)
        request.setHeader(b"content-type", b"application/octet-stream")
        request.setHeader(b"content-length", b"%d" % size)
        request.setHeader(b"content-disposition", b'attachment; filename="download.bin"')
        if request.method == b"HEAD":
            return b""
        request.registerProducer(BlocksResource(request, size), False)
        return NOT_DONE_YET

    def _answer_hash(self, request: Request, size: int) -> int:
        request.setHeader(b"content-type", b"text/plain")
        digest = hashlib.sha256()

        def work() -> Iterator[None]:
            # A MiB a step: the other users of this process hardly notice.
            for _ in range(size // MIB):
                for _ in range(MIB // len(BLOCK)):
                    digest.update(BLOCK)
                yield
            self._hashes[size] = digest.hexdigest().encode() + b"\n"

        def done(_: object) -> None:
            request.write(self._hashes[size])
            request.finish()

        if size in self._hashes:
            done(None)
            return NOT_DONE_YET
        task = cooperate(work())
        request.notifyFinish().addErrback(lambda _: task.stop() if size not in self._hashes else None)
        task.whenDone().addCallback(done).addErrback(lambda _: None)
        return NOT_DONE_YET


class Events(Resource):
    """Server-sent events: the time, once a second (or every ?every=SECONDS), until the user leaves."""

    isLeaf = True

    def __init__(self, reactor: IReactorTime, wall_clock: Callable[[], float]) -> None:
        super().__init__()
        self._reactor = reactor
        self._wall_clock = wall_clock
        #: How many streams are open now.
        self.open = 0

    def render_GET(self, request: Request) -> int:
        """The first event goes out at once."""
        request.setHeader(b"content-type", b"text/event-stream")
        request.setHeader(b"cache-control", b"no-store")
        number = 0

        def tick() -> None:
            nonlocal number
            number += 1
            request.write(b"data: " + json.dumps({"number": number, "time": self._wall_clock()}).encode() + b"\n\n")

        def left(_: object) -> None:
            self.open -= 1
            loop.stop()

        self.open += 1
        loop = LoopingCall(tick)
        loop.clock = self._reactor
        request.notifyFinish().addBoth(left)
        loop.start(_seconds(request, b"every", 1.0))
        return NOT_DONE_YET


class Slow(Resource):
    """/slow/SECONDS answers after that time; counts those who did not wait."""

    isLeaf = True

    def __init__(self, reactor: IReactorTime) -> None:
        super().__init__()
        self._reactor = reactor
        #: Requests whose user left before the answer.
        self.cancelled = 0

    def render_GET(self, request: Request) -> bytes | int:
        """Wait, then answer."""
        text = (request.postpath or [b""])[0].decode("ascii", "replace")
        try:
            delay = float(text)
        except ValueError:
            delay = -1.0
        if not 0 <= delay <= 3600:
            request.setResponseCode(http.BAD_REQUEST)
            return b"/slow/SECONDS, from 0 to 3600\n"
        call = self._reactor.callLater(delay, self._answer, request, text)

        def left(_: object) -> None:
            if call.active():
                call.cancel()
                self.cancelled += 1

        request.notifyFinish().addErrback(left)
        return NOT_DONE_YET

    def _answer(self, request: Request, text: str) -> None:
        request.setHeader(b"content-type", b"text/plain")
        request.write(f"This answer took {text} s.\n".encode())
        request.finish()


def _seconds(request: Request, name: bytes, default: float) -> float:
    """A positive number from the query, or the default."""
    try:
        value = float(request.args[name][0])
    except (KeyError, TypeError, ValueError):
        return default
    return value if 0.01 <= value <= 3600 else default
