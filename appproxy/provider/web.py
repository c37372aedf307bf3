"""From coroutines that give an `Answer` to resources of twisted.web: errors become pages, and all is `no-store`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.errors import Code, RequestError, StoreError
from appproxy.pages import NO_STORE, SECURITY_FIELDS, accepts_json, error_page

HTML = b"text/html; charset=utf-8"
JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send. `fields`: LF-ended `name: value` lines."""

    status: int
    fields: bytes
    body: bytes = b""


def html_answer(status: int, body: bytes, fields: bytes = b"") -> Answer:
    """A page; `fields` come on top of the type and the security fields."""
    return Answer(status, b"content-type: " + HTML + b"\n" + NO_STORE + SECURITY_FIELDS + fields, body)


def json_answer(status: int, value: Mapping[str, object], fields: bytes = b"") -> Answer:
    """A JSON object."""
    body = json.dumps(value).encode()
    return Answer(status, b"content-type: " + JSON + b"\n" + NO_STORE + SECURITY_FIELDS + fields, body)


def redirect(location: str, fields: bytes = b"") -> Answer:
    """See other: the browser goes on with GET, so a posted password is never sent on (RFC 9700 section 4.12)."""
    return Answer(303, b"location: " + location.encode("ascii") + b"\n" + NO_STORE + SECURITY_FIELDS + fields)


def set_cookie_line(value: bytes) -> bytes:
    """The field line of a Set-Cookie value."""
    return b"set-cookie: " + value + b"\n"


Serve = Callable[[Request], Awaitable[Answer]]


class EndPoint(Resource):
    """One address and what serves each of its methods."""

    isLeaf = True
    log = Logger()

    def __init__(self, methods: Mapping[bytes, Serve]) -> None:
        Resource.__init__(self)
        self._methods = methods

    def render(self, request: Request) -> int:
        """Called by twisted.web."""
        left: list[Failure] = []
        request.notifyFinish().addErrback(left.append)
        Deferred.fromCoroutine(self._serve(request, left))
        return NOT_DONE_YET

    async def _serve(self, request: Request, left: list[Failure]) -> None:
        answer = await self._answer(request)
        if not left:
            _send(request, answer)

    async def _answer(self, request: Request) -> Answer:
        try:
            return await self._dispatch(request)
        except RequestError as error:
            self.log.info("provider: {path}: {error}", path=request.path, error=str(error), code=error.code.name)
            return _failure_answer(request, error.code)
        except StoreError as error:
            self.log.error("provider: {path}: the store: {error}", path=request.path, error=str(error))
            return _failure_answer(request, Code.STORE_UNAVAILABLE)
        except Exception:
            self.log.failure("provider: {path}", path=request.path)
            return _failure_answer(request, Code.INTERNAL)

    async def _dispatch(self, request: Request) -> Answer:
        if request.postpath:
            raise RequestError(Code.NOT_FOUND, "below an end point")
        serve = self._methods.get(request.method)
        if serve is not None:
            return await serve(request)
        allow = b"allow: " + b", ".join(self._methods) + b"\n"
        return _failure_answer(request, Code.METHOD_NOT_ALLOWED, allow)


def _failure_answer(request: Request, code: Code, more: bytes = b"") -> Answer:
    """The error page. The service's own requests have an id to show; a user's X-Request-ID is never taken for it."""
    accept = b", ".join(request.requestHeaders.getRawHeaders(b"accept") or [])
    status, fields, body = error_page(code, getattr(request, "appproxy_request_id", ""), accepts_json(accept))
    return Answer(status, fields + more, body)


def _send(request: Request, answer: Answer) -> None:
    request.setResponseCode(answer.status)
    for line in answer.fields.splitlines():
        name, _, value = line.partition(b": ")
        request.responseHeaders.addRawHeader(name, value)
    request.responseHeaders.setRawHeaders(b"content-length", [b"%d" % len(answer.body)])
    request.write(answer.body)
    request.finish()
