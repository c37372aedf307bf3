"""Resources of twisted.web whose answer a coroutine gives: status, field block, body; errors become our error pages.

They work in our own resource tree and in any `twisted.web.server.Site`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.errors import Code, RequestError, StoreError
from appproxy.http.fields import decode_block
from appproxy.pages import NO_STORE, SECURITY_FIELDS, STYLE, accepts_json, error_page
from appproxy.service.exchange import Exchange

#: Status, field block (LF-ended `name: value` lines), body.
Answer: TypeAlias = tuple[int, bytes, bytes]
#: Answers a request, at once or later.
Responder = Callable[[IRequest], Awaitable[Answer]]

HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE + SECURITY_FIELDS
JSON = b"content-type: application/json\n" + NO_STORE + SECURITY_FIELDS



def redirect(location: str, *cookies: bytes) -> Answer:
    """303: the browser goes on with GET. `cookies` are Set-Cookie values."""
    lines = b"".join(b"set-cookie: " + cookie + b"\n" for cookie in cookies)
    return 303, b"location: " + location.encode("ascii") + b"\n" + lines + NO_STORE + SECURITY_FIELDS, b""


def request_id(request: IRequest) -> str:
    """The id of a request of ours, "" in a site that has none. A user's own X-Request-ID is never taken for it."""
    id = getattr(request, "appproxy_request_id", "")
    return id if isinstance(id, str) else ""


def failure_answer(
    request: IRequest, code: Code, detail: str = "", *, link: str = "", link_text: str = ""
) -> Answer:
    """The error page, or JSON when that is asked for. The access log hears of code and `detail`."""
    exchange: Exchange | None = getattr(request, "exchange", None)
    if exchange is not None:
        exchange.failure = code
        exchange.detail = detail
    accepted = request.requestHeaders.getRawHeaders(b"accept") or []
    as_json = accepts_json(b", ".join(accepted) or None)
    return error_page(code, request_id(request), as_json, link=link, link_text=link_text)


def send(request: IRequest, answer: Answer) -> None:
    """Send an answer whole."""
    status, block, body = answer
    request.setResponseCode(status)
    for name, value in decode_block(block):
        request.responseHeaders.addRawHeader(name, value)
    if status != 304:
        request.setHeader(b"content-length", b"%d" % len(body))
    request.write(body)
    request.finish()


class Page(Resource):
    """One address. `responder` answers what `methods` names, HEAD with GET unless it has `side_effects`.

    With None for `methods` it answers whatever is asked, also below the address.
    """

    isLeaf = True
    log = Logger()

    def __init__(
        self, responder: Responder, *, methods: tuple[bytes, ...] | None = (b"GET",), side_effects: bool = False
    ) -> None:
        super().__init__()
        self._responder = responder
        if methods is not None and b"GET" in methods and not side_effects:
            methods = (*methods, b"HEAD")
        self._methods = methods

    def render(self, request: IRequest) -> int:
        """Called by twisted.web."""
        left: list[Failure] = []
        cast("Request", request).notifyFinish().addErrback(left.append)

        def answered(answer: Answer) -> None:
            if not left:
                send(request, answer)

        answering = Deferred.fromCoroutine(self._answer(request))
        answering.addCallback(answered)
        answering.addErrback(lambda failure: self.log.failure("page could not be sent", failure))
        return NOT_DONE_YET

    async def _answer(self, request: IRequest) -> Answer:
        try:
            return self._refusal(request) or await self._responder(request)
        except RequestError as error:
            self.log.info(
                "{method} {path}: {code} {detail}", method=request.method, path=request.path, code=error.code.name,
                detail=error.detail, request_id=request_id(request),
            )
            return failure_answer(request, error.code, error.detail)
        except StoreError as error:
            self.log.error("{path}: the store: {error}", path=request.path, error=error)
            return failure_answer(request, Code.STORE_UNAVAILABLE, str(error))
        except Exception:
            self.log.failure("{path}: a fault of ours", path=request.path)
            return failure_answer(request, Code.INTERNAL)


    def _refusal(self, request: IRequest) -> Answer | None:
        if self._methods is None:
            return None
        if request.postpath:
            return failure_answer(request, Code.NOT_FOUND)
        if request.method not in self._methods:
            status, block, body = failure_answer(request, Code.METHOD_NOT_ALLOWED)
            return status, block + b"allow: " + b", ".join(self._methods) + b"\n", body
        return None


class StyleSheet(Resource):
    """The one style sheet."""

    isLeaf = True

    def render_GET(self, request: IRequest) -> bytes:
        """Called by twisted.web."""
        request.setHeader(b"content-type", b"text/css; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        request.setHeader(b"x-content-type-options", b"nosniff")
        return STYLE
