"""Serves a resource tree of twisted.web to exchanges: sign-in pages, the built-in provider, the admin API.

`server.Request` wants a channel; `_Channel` is one whose other side is an `Exchange`, as `twisted.web._http2.H2Stream`
is one whose other side is an HTTP/2 stream. Bodies are bounded, answers carry our security fields unless a resource
sets its own, and what fails ends in our error page and never in a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from twisted.internet._producer_helpers import _PullToPush
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IPullProducer, IPushProducer
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import resource
from twisted.web.error import UnsupportedMethod
from twisted.web.http_headers import Headers
from twisted.web.pages import notFound
from twisted.web.resource import IResource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.branding import PLAIN, Brand
from appproxy.errors import Code, RequestError
from appproxy.http.cookies import find
from appproxy.http.fields import decode_block, encode_block
from appproxy.http.head import Fields
from appproxy.net.web import failure_answer, form_body, is_form, read_pairs
from appproxy.pages import NO_STORE, SECURITY_FIELDS
from appproxy.service.exchange.exchange import Exchange

#: Bytes of a form or an API call that are taken.
BODY_LIMIT = 65536
#: Segments of a path: twisted.web walks through all of them, and no page of ours is below the fourth.
_MOST_SEGMENTS = 32
#: Bytes of an answer that are held to be sent in one write together with its head.
_HELD = 65536

_DEFAULTS = decode_block(NO_STORE + SECURITY_FIELDS)
#: twisted.web's own version and the framing, which is the exchange's business.
_LEFT_OUT = frozenset({b"server", b"transfer-encoding", b"connection"})
#: What twisted.web puts where there is no child; two classes, both private.
_NO_CHILD = (resource._UnsafeErrorPageBase, type(notFound()))


class OurRequest(Request):
    """A request of twisted.web whose failures look like all our failures.

    `appproxy_request_id` is the exchange's id; `exchange` the exchange itself.
    """

    log = Logger()
    appproxy_request_id: str
    appproxy_brand: Brand
    exchange: Exchange
    _arguments: dict[bytes, list[bytes]] | None = None

    @property
    def args(self) -> dict[bytes, list[bytes]]:
        """The parameters of the query and of a posted urlencoded form: read when they are first asked for.

        twisted.web reads them, and multipart bodies, of each request, at a cost that is not bounded. Raises RequestError:
        BAD_REQUEST for more than 256 of them and for a multipart body, BODY_TOO_LARGE.
        """
        if self._arguments is None:
            self._arguments = read_pairs(self.uri.partition(b"?")[2])
            kind = self.requestHeaders.getRawHeaders(b"content-type") or [b""]
            if self.method == b"POST" and kind[0].lower().startswith(b"multipart/"):
                raise RequestError(Code.BAD_REQUEST, "multipart forms are not read: take the body from `content`")
            if self.method == b"POST" and is_form(self):
                for name, values in read_pairs(form_body(self, BODY_LIMIT)).items():
                    self._arguments[name] = values
        return self._arguments

    @args.setter
    def args(self, value: object) -> None:
        """twisted.web sets what is not read yet."""

    def getCookie(self, key: bytes) -> bytes | None:
        """The value of a cookie; of several with the name the last one's."""
        found: list[bytes] = []
        for line in self.requestHeaders.getRawHeaders(b"cookie") or []:
            found += find(line, key)
        return found[-1] if found else None

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Called by `_Channel` when the request is complete. Unlike twisted.web's own it parses nothing."""
        assert self.content is not None  # `gotLength` made it
        self.content.seek(0)
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        if self.path.count(b"/") > _MOST_SEGMENTS:
            self.fail(Code.NOT_FOUND, "too many segments")
        else:
            self.process()

    def render(self, resrc: IResource) -> None:
        """Called by twisted.web with the resource found."""
        if isinstance(resrc, _NO_CHILD):
            self.fail(Code.NOT_FOUND)
            return
        try:
            body: object = resrc.render(self)
        except UnsupportedMethod as error:
            if self.method == b"HEAD" and b"GET" in error.allowedMethods:
                super().render(resrc)  # it renders GET and keeps the body back
            else:
                self.setHeader(b"allow", b", ".join(error.allowedMethods))
                self.fail(Code.METHOD_NOT_ALLOWED)
            return
        if body == NOT_DONE_YET:
            return
        if not isinstance(body, bytes):
            raise TypeError(f"{type(resrc).__name__} did not give bytes")
        if body or self.method != b"HEAD":  # for HEAD some resources set the length and give no body
            self.setHeader(b"content-length", b"%d" % len(body))
        self.write(b"" if self.method == b"HEAD" else body)
        self.finish()

    def processingFailed(self, reason: Failure) -> Failure:
        """Called by twisted.web when a resource raises."""
        error = reason.value
        if isinstance(error, RequestError):
            self.fail(error.code, error.detail)
        else:
            self.log.failure("a resource failed", reason, request_id=self.appproxy_request_id)
            self.fail(Code.INTERNAL)
        return reason

    def fail(self, code: Code, detail: str = "") -> None:
        """Answer with the error page; an answer under way is broken instead."""
        if self._disconnected or self.finished:
            return
        if self.startedWriting:
            cast("_Channel", self.channel).abortConnection()
            return
        status, block, body = failure_answer(self, code, detail)
        self.setResponseCode(status)
        for name, value in decode_block(block):
            self.responseHeaders.setRawHeaders(name, [value])
        self.setHeader(b"content-length", b"%d" % len(body))
        self.cookies.clear()
        self.write(body)
        self.finish()


class _Tree:
    """What `server.Request` needs of a Site."""

    displayTracebacks = False
    _parsePOSTFormSubmission = False

    def __init__(self, root: IResource) -> None:
        self.resource = root

    def getResourceFor(self, request: Request) -> IResource:
        """Called by twisted.web to find the resource of a request."""
        request.site = self  # type: ignore[assignment]
        request.sitepath = list(request.prepath or [])  # type: ignore[attr-defined]
        found: IResource = resource.getChildForRequest(self.resource, request)
        return found


class ResourceHandler:
    """A `Handler` (service.exchange) that serves the tree below `root`; `body_limit` in bytes, `brand`: how pages look now."""

    def __init__(
        self, root: IResource, body_limit: int = BODY_LIMIT, *, brand: Callable[[], Brand] = lambda: PLAIN
    ) -> None:
        self._tree = _Tree(root)
        self._brand = brand
        self._limit = body_limit

    def __call__(self, exchange: Exchange) -> None:
        _Channel(exchange, self._tree, self._limit, self._brand()).begin()


class _Channel:
    """Between one exchange and one request of twisted.web: keeper, reader and channel in one."""

    factory = None
    transport = None

    def __init__(self, exchange: Exchange, site: _Tree, limit: int, brand: Brand) -> None:
        self.site = site
        self._exchange = exchange
        self._brand = brand
        self._limit = limit
        self._body: list[bytes] = []
        self._taken = 0
        self._producer: IPushProducer | None = None
        self._pull: Any = None
        self._status = 0
        self._block = b""
        self._length: int | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._flowing = False
        self._over = False
        self._request = self._make_request()

    def _make_request(self) -> OurRequest:
        exchange = self._exchange
        request = OurRequest(cast("Any", self))
        request.appproxy_request_id = exchange.id
        request.appproxy_brand = self._brand
        request.exchange = exchange
        for name, value in exchange.head.fields:
            request.requestHeaders.addRawHeader(name, value)
        request.requestHeaders.setRawHeaders(b"host", [exchange.head.authority])
        request.requestHeaders.setRawHeaders(b"x-request-id", [exchange.id.encode("ascii")])
        return request

    # The request's body: BodyReader.

    def begin(self) -> None:
        """Take the exchange."""
        self._exchange.responder = self
        length = self._exchange.head.length
        if length == 0:
            self.body_ended([])
        elif length is not None and length > self._limit:
            self._refuse(Code.BODY_TOO_LARGE)
        else:
            self._exchange.read_body(self)

    def body_received(self, data: bytes) -> None:
        """A piece of the body."""
        if self._over:
            return
        self._taken += len(data)
        if self._taken > self._limit:
            self._body.clear()
            self._refuse(Code.BODY_TOO_LARGE)
        else:
            self._body.append(data)

    def body_ended(self, trailers: Fields) -> None:
        """All is there: let twisted.web find and render the resource."""
        if self._over:
            return
        request, head = self._request, self._exchange.head
        body = b"".join(self._body)
        self._body.clear()
        request.gotLength(len(body))
        request.handleContentChunk(body)
        # With HTTP/1.1 it would make chunks; here the exchange does the framing.
        request.requestReceived(head.method, head.target, b"HTTP/2")

    def user_left(self, code: Code) -> None:
        """The user has gone."""
        if not self._over:
            self._over = True
            self.unregisterProducer()
            self._request.connectionLost(Failure(ConnectionLost(code.name)))

    def _refuse(self, code: Code) -> None:
        self._over = True
        self._exchange.answer(*failure_answer(self._request, code))

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Called by twisted.web for a form that cannot be read."""
        self._refuse(Code.BAD_REQUEST)

    # The answer, as twisted.web gives it.

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Headers) -> None:
        """Keep the head: it leaves with the body, if that is small."""
        fields = [
            (name.lower(), value) for name, values in headers.getAllRawHeaders() for value in values
            if name.lower() not in _LEFT_OUT
        ]
        names = {name for name, _ in fields}
        fields += [field for field in _DEFAULTS if field[0] not in names]
        if b"x-request-id" not in names:
            fields.append((b"x-request-id", self._exchange.id.encode("ascii")))
        self._status = int(code)
        self._block = encode_block(fields)
        lengths = headers.getRawHeaders(b"content-length")
        self._length = int(lengths[0]) if lengths else None

    def write(self, data: bytes) -> None:
        """A piece of the body."""
        if self._flowing:
            self._exchange.write(data)
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._length is None or self._held > _HELD or self._producer is not None:
            self._flow()

    def writeSequence(self, iovec: Sequence[bytes]) -> None:
        """Some pieces of the body."""
        self.write(b"".join(iovec))

    def requestDone(self, request: Request) -> None:
        """The answer is complete."""
        if self._over:
            return
        self._over = True
        if self._flowing:
            self._exchange.finish()
        else:
            self._exchange.answer(self._status, self._block, b"".join(self._pieces))

    def _flow(self) -> None:
        """From now on what comes is passed on at once."""
        self._flowing = True
        self._exchange.start(self._status, self._block, self._length)
        for piece in self._pieces:
            self._exchange.write(piece)
        self._pieces.clear()

    # Pausing, and the rest of what twisted.web asks of a transport.

    def registerProducer(self, producer: IPushProducer | IPullProducer, streaming: bool) -> None:
        """Who is to be paused while the user reads slowly."""
        if streaming:
            self._producer = cast("IPushProducer", producer)
        else:
            self._pull = _PullToPush(producer, self)
            self._producer = cast("IPushProducer", self._pull)
        self._exchange.register_producer(self._producer)
        if self._pull is not None:
            self._pull.startStreaming()

    def unregisterProducer(self) -> None:
        """Nobody any longer."""
        pull, self._pull = self._pull, None
        if pull is not None:
            pull.stopStreaming()
        if self._producer is not None:
            self._producer = None
            self._exchange.unregister_producer()

    def getPeer(self) -> IPv4Address | IPv6Address:
        """The user's address; the port is not known here."""
        kind = IPv6Address if ":" in self._exchange.client else IPv4Address
        return kind("TCP", self._exchange.client, 0)

    def getHost(self) -> IPv4Address:
        """The host and port that the user typed."""
        _, _, port = self._exchange.head.authority.rpartition(b":")
        standard = 443 if self.isSecure() else 80
        return IPv4Address("TCP", self._exchange.head.host, int(port) if port.isdigit() else standard)

    def isSecure(self) -> bool:
        """Did the request come over TLS?"""
        return self._exchange.scheme == "https"

    def loseConnection(self) -> None:
        """End the answer as it is."""
        self.requestDone(self._request)

    def abortConnection(self) -> None:
        """Break the answer."""
        if not self._over:
            self._over = True
            self._exchange.abort()
            self._request.connectionLost(Failure(ConnectionLost()))
