"""Resources of twisted.web that a coroutine answers; what fails becomes our error page, and nothing is kept by caches.

They work in our own resource tree and in any `twisted.web.server.Site`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import unquote_to_bytes

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.branding import PLAIN, Brand
from appproxy.errors import Code, RequestError, StoreError
from appproxy.http.cookies import beginning
from appproxy.http.fields import decode_block
from appproxy.pages import NO_STORE, SECURITY_FIELDS, STYLE, accepts_json, error_page
from appproxy.policy.levels import AddressLimit
from appproxy.policy.networks import sender_of
from appproxy.policy.sender import SENDER

HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE + SECURITY_FIELDS
JSON = b"content-type: application/json\n" + NO_STORE + SECURITY_FIELDS
FORM = b"application/x-www-form-urlencoded"
#: Pairs of one query or form; the largest of ours has some twenty.
_MOST_PAIRS = 256
#: The style sheet holds nothing of anybody, so that browsers may keep it for an hour.
STYLE_FIELDS = b"content-type: text/css; charset=utf-8\ncache-control: max-age=3600\nx-content-type-options: nosniff\n"


class Answer(NamedTuple):
    """What to send. `fields`: a block, LF-ended `name: value` lines."""

    status: int
    fields: bytes
    body: bytes = b""


#: Answers a request, at once or later.
Serve = Callable[[Request], Awaitable[Answer]]


def html_answer(status: int, body: bytes, fields: bytes = b"") -> Answer:
    """A page; `fields` come on top of the type and the security fields."""
    return Answer(status, HTML + fields, body)


def json_answer(status: int, value: Mapping[str, object], fields: bytes = b"") -> Answer:
    """A JSON object."""
    return Answer(status, JSON + fields, json.dumps(value).encode())


def redirect(location: str, fields: bytes = b"") -> Answer:
    """See other: the browser goes on with GET, so a posted password is never sent on (RFC 9700 section 4.12)."""
    return Answer(303, b"location: " + location.encode("ascii") + b"\n" + NO_STORE + SECURITY_FIELDS + fields)


def cookie_lines(*values: bytes) -> bytes:
    """The field lines of Set-Cookie values: one each, because commas in one line would not part them."""
    return b"".join([b"set-cookie: " + value + b"\n" for value in values])


def is_form(request: IRequest) -> bool:
    """Does the request say that its body is a urlencoded form?"""
    kind = (request.requestHeaders.getRawHeaders(b"content-type") or [b""])[-1].partition(b";")[0]
    return bool(kind.strip().lower() == FORM)


def form_body(request: IRequest, limit: int) -> bytes:
    """A posted form as it was sent. Raises RequestError: not a form (BAD_REQUEST), too large (BODY_TOO_LARGE)."""
    if not is_form(request) or request.content is None:
        raise RequestError(Code.BAD_REQUEST, "not a form")
    request.content.seek(0)
    body: bytes = request.content.read(limit + 1)
    if len(body) > limit:
        raise RequestError(Code.BODY_TOO_LARGE, "a form")
    return body


def cookies_of(request: IRequest, prefix: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values of the cookies whose names begin so, in the browser's order: the oldest first."""
    return beginning(request.requestHeaders.getRawHeaders(b"cookie") or [], prefix)


def read_pairs(encoded: bytes) -> dict[bytes, list[bytes]]:
    """The values of each name in a query or form (`application/x-www-form-urlencoded`, URL standard section 5.1).

    Raises RequestError(BAD_REQUEST) for more than 256 pairs.
    """
    if encoded.count(b"&") >= _MOST_PAIRS:
        raise RequestError(Code.BAD_REQUEST, f"more than {_MOST_PAIRS} parameters")
    found: dict[bytes, list[bytes]] = {}
    for pair in encoded.split(b"&"):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        if pair:
            found.setdefault(unquote_to_bytes(name), []).append(unquote_to_bytes(value))
    return found


class RequestOutcome(Protocol):
    """What a request of ours has as `exchange`: it hears for the access log what went wrong."""

    failure: Code | None
    detail: str


def request_id(request: IRequest) -> str:
    """The id of a request of ours, "" in a site that has none. A user's own X-Request-ID is never taken for it."""
    id = getattr(request, "appproxy_request_id", "")
    return id if isinstance(id, str) else ""


def brand_of(request: IRequest) -> Brand:
    """How pages are to look: what the request was made with, the plain brand in a site that has none."""
    brand = getattr(request, "appproxy_brand", PLAIN)
    return brand if isinstance(brand, Brand) else PLAIN


def tell(request: IRequest, code: Code, detail: str) -> None:
    """The access log hears what was wrong, also where the answer is no error page."""
    outcome: RequestOutcome | None = getattr(request, "exchange", None)
    if outcome is not None:
        outcome.failure = code
        outcome.detail = detail


def failure_answer(
    request: IRequest, code: Code, detail: str = "", *, fields: bytes = b"", link: str = "", link_text: str = "",
    retry_after: int | None = None, notice: str = "",
) -> Answer:
    """The error page, or JSON when that is asked for. The access log hears of code and `detail`, the user does not.

    `retry_after`: seconds, in place of the failure's own; `notice`: for the user, in place of its advice.
    """
    tell(request, code, detail)
    accept = b", ".join(request.requestHeaders.getRawHeaders(b"accept") or [])
    status, block, body = error_page(
        code, request_id(request), accepts_json(accept), link=link, link_text=link_text, brand=brand_of(request),
        retry_after=retry_after, notice=notice,
    )
    return Answer(status, block + fields, body)


def send(request: Request, answer: Answer) -> None:
    """Send an answer whole. For HEAD twisted.web leaves the body out."""
    request.setResponseCode(answer.status)
    for name, value in decode_block(answer.fields):
        request.responseHeaders.addRawHeader(name, value)
    request.responseHeaders.setRawHeaders(b"content-length", [b"%d" % len(answer.body)])
    request.write(answer.body)
    request.finish()


def address_of(request: IRequest) -> str:
    """The user's address without port, as the front of the service has seen it; "" when there is none."""
    host = getattr(request.getClientAddress(), "host", None)
    return host if isinstance(host, str) else ""


#: Gives the seconds that the client of a request has to wait, or 0.0 and counts it.
Limit = Callable[[Request], float]


def limited(burst: float, rate: float, seconds: Callable[[], float]) -> Limit:
    """So many requests of one network at once, and `rate` a second on average. `seconds`: the clock."""
    buckets = AddressLimit(burst, rate)

    def limit(request: Request) -> float:
        return buckets.take(address_of(request), seconds())

    return limit


class AsyncResource(Resource):
    """One address and what serves each of its methods. `limit`: how often one client may ask."""

    isLeaf = True
    log = Logger()

    def __init__(self, methods: Mapping[bytes, Serve], limit: Limit | None = None) -> None:
        super().__init__()
        self._methods = methods
        self._limit = limit

    @classmethod
    def reading(cls, serve: Serve, limit: Limit | None = None) -> AsyncResource:
        """One that changes nothing, so that HEAD may ask as well as GET."""
        return cls({b"GET": serve, b"HEAD": serve}, limit)

    def render(self, request: Request) -> int:
        """Called by twisted.web."""
        left: list[Failure] = []
        request.notifyFinish().addErrback(left.append)

        def answered(answer: Answer) -> None:
            if not left:
                send(request, answer)

        answering = Deferred.fromCoroutine(self._answer(request)).addCallback(answered)
        answering.addErrback(lambda failure: self.log.failure("an answer could not be sent", failure))
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> Answer:
        SENDER.set(sender_of(address_of(request)))
        try:
            return await self._dispatch(request)
        except RequestError as error:
            self.log.info(
                "{method} {path}: {code} {detail}", method=request.method, path=request.path, code=error.code.name,
                detail=error.detail, request_id=request_id(request),
            )  # fmt: skip
            return failure_answer(request, error.code, error.detail)
        except StoreError as error:
            self.log.error("{path}: the store: {error}", path=request.path, error=str(error))
            return failure_answer(request, Code.STORE_UNAVAILABLE, str(error))
        except Exception:
            self.log.failure("{path}: a fault of ours", path=request.path, request_id=request_id(request))
            return failure_answer(request, Code.INTERNAL)

    async def _dispatch(self, request: Request) -> Answer:
        if request.postpath:
            return failure_answer(request, Code.NOT_FOUND, "below an end point")
        serve = self._methods.get(request.method)
        if serve is not None:
            wait = 0.0 if self._limit is None else self._limit(request)
            if wait > 0.0:
                return failure_answer(request, Code.TOO_MANY_REQUESTS, "of this address", retry_after=math.ceil(wait))
            return await serve(request)
        allow = b"allow: " + b", ".join(self._methods) + b"\n"
        return failure_answer(request, Code.METHOD_NOT_ALLOWED, fields=allow)


class StaticAnswer(Resource):
    """An answer that is there already, whatever is asked, also below its address."""

    isLeaf = True

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def render(self, request: Request) -> int:
        """Called by twisted.web."""
        send(request, self._answer)
        return NOT_DONE_YET


def style_sheet() -> AsyncResource:
    """The one style sheet."""

    async def serve(request: Request) -> Answer:
        return Answer(200, STYLE_FIELDS, STYLE)

    return AsyncResource.reading(serve)
