"""Resources that a coroutine answers."""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass
from typing import Any, cast

import pytest
from treq.testing import StubTreq
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from appproxy.errors import FAILURES, Code, RequestError, StoreError
from appproxy.http.fields import check_block, values
from appproxy.net.web import (
    Answer,
    AsyncResource,
    StaticAnswer,
    cookie_lines,
    failure_answer,
    form_body,
    html_answer,
    json_answer,
    redirect,
    style_sheet,
)
from appproxy.pages import STYLE
from appproxy.policy.sender import SENDER

ID = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://signin.example.com"


@dataclass
class Heard:
    """What a request of ours tells the access log."""

    failure: Code | None = None
    detail: str = ""


class Front(Resource):
    """A root with one page, `/here`, for requests that are the service's own."""

    def __init__(self, page: IResource) -> None:
        super().__init__()
        self.page = page
        self.heard = Heard()
        self.request: Any = None

    def getChild(self, path: bytes, request: Request) -> IResource:
        """Called by twisted.web."""
        assert path == b"here"
        self.request = request
        cast("Any", request).exchange = self.heard
        cast("Any", request).appproxy_request_id = ID
        return self.page


@dataclass(frozen=True)
class Got:
    """An answer as it arrived, and what was heard of it."""

    status: int
    fields: dict[str, list[str]]
    content: bytes
    #: As Content-Length said.
    length: int
    heard: Heard | None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()


def ask(
    page: IResource, path: str = "/here", method: str = "GET", *, ours: bool = True, body: bytes = b"", **fields: str
) -> Got:
    """One request to a page: of the service's own, or in any other site."""
    root: Resource = Front(page)
    if not ours:
        root = Resource()
        root.putChild(b"here", page)
    treq = StubTreq(root)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    results: list[Any] = []
    asking = cast("Any", treq).request(method, ORIGIN + path, headers=headers, data=body, allow_redirects=False)
    asking.addBoth(results.append)
    treq.flush()
    assert results, "no answer yet"
    response = results[0]
    bodies: list[bytes] = []
    response.content().addCallback(bodies.append)
    treq.flush()
    got = {name.decode().lower(): [value.decode() for value in all] for name, all in response.headers.getAllRawHeaders()}
    return Got(response.code, got, bodies[0], response.length, root.heard if isinstance(root, Front) else None)


async def fine(request: Request) -> Answer:
    """A page that works."""
    return html_answer(200, b"fine")


def failing(error: Exception) -> AsyncResource:
    """A page that does not."""

    async def fail(request: Request) -> Answer:
        raise error

    return AsyncResource.reading(fail)


@pytest.mark.parametrize("ours", [True, False])
class TestEndPoint:
    """Behind the service's front, and in any site of twisted.web."""

    def test_an_answer(self, ours: bool) -> None:
        """Status, fields and body arrive; HEAD gets no body."""
        got = ask(AsyncResource.reading(fine), ours=ours)
        assert (got.status, got.content) == (200, b"fine")
        assert got.fields["content-type"] == ["text/html; charset=utf-8"]
        assert got.fields["cache-control"] == ["no-store"]
        assert got.length == 4
        assert len(got.fields["content-security-policy"]) == 1
        head = ask(AsyncResource.reading(fine), method="HEAD", ours=ours)
        assert (head.status, head.content) == (200, b"")

    @pytest.mark.parametrize(
        ("error", "code", "level"),
        [
            (RequestError(Code.SIGN_IN_STATE, "canary"), Code.SIGN_IN_STATE, LogLevel.info),
            (RequestError(Code.OVERLOADED, "canary"), Code.OVERLOADED, LogLevel.info),
            (RequestError(Code.THROTTLED, "canary"), Code.THROTTLED, LogLevel.info),
            (StoreError("canary"), Code.STORE_UNAVAILABLE, LogLevel.error),
            (ZeroDivisionError("canary"), Code.INTERNAL, LogLevel.critical),
        ],
    )
    def test_failures(self, ours: bool, error: Exception, code: Code, level: object) -> None:
        """Each failure becomes its own page, which says nothing of the inside; why it failed stands in the log only."""
        with capturedLogs() as events:
            got = ask(failing(error), ours=ours)
        assert got.status == FAILURES[code].status
        assert "canary" not in got.text
        assert "Traceback" not in got.text
        assert got.fields["cache-control"] == ["no-store"]
        ours_logged = [event for event in events if event["log_namespace"].startswith("appproxy.net.web")]
        assert [event["log_level"] for event in ours_logged] == [level]
        if got.heard is not None:
            assert got.heard == Heard(code, "" if code is Code.INTERNAL else "canary")

    @pytest.mark.parametrize(
        ("page", "path", "method", "status"),
        [
            (AsyncResource.reading(fine), "/here/below", "GET", 404),
            (AsyncResource.reading(fine), "/here", "POST", 405),
            (AsyncResource({b"GET": fine}), "/here", "HEAD", 405),
            (AsyncResource({b"POST": fine}), "/here", "GET", 405),
            (StaticAnswer(html_answer(200, b"fine")), "/here/below", "PUT", 200),
        ],
    )
    def test_what_a_page_answers(self, ours: bool, page: Resource, path: str, method: str, status: int) -> None:
        """Only its own address and methods; HEAD only where it does no harm."""
        got = ask(page, path, method, ours=ours)
        assert got.status == status
        assert ("allow" in got.fields) == (status == 405)

    def test_wrong_method(self, ours: bool) -> None:
        """Another method is refused, and the answer says which there are."""
        assert ask(AsyncResource({b"GET": fine, b"POST": fine}), method="PUT", ours=ours).fields["allow"] == ["GET, POST"]

    def test_programs_get_json(self, ours: bool) -> None:
        """Who asks for JSON gets the failure as JSON."""
        got = ask(failing(RequestError(Code.SIGN_IN_STATE)), ours=ours, accept="application/json")
        assert got.fields["content-type"] == ["application/problem+json"]

    def test_a_users_request_id_is_not_shown(self, ours: bool) -> None:
        """What a user sends as request id does not come back; the service's own is shown."""
        got = ask(failing(RequestError(Code.SIGN_IN_STATE)), ours=ours, x_request_id="canary")
        assert "canary" not in got.text
        assert (ID in got.text) is ours
        assert got.fields.get("x-request-id", []) == ([ID] if ours else [])


def test_the_user_leaves_meanwhile() -> None:
    """An answer for somebody who has gone meanwhile is dropped without a fault."""
    waiting: Deferred[Answer] = Deferred()

    async def late(request: Request) -> Answer:
        return await waiting

    front = Front(AsyncResource({b"GET": late}))
    treq = StubTreq(front)
    cast("Any", treq).request("GET", ORIGIN + "/here").addErrback(lambda _: None)
    treq.flush()
    front.request.connectionLost(Failure(ConnectionLost()))
    gc.collect()  # what other tests have left behind is not ours
    with capturedLogs() as events:
        waiting.callback(html_answer(200, b"late"))
        # A Deferred that failed says so when it is collected.
        gc.collect()
    assert events == []
    assert not front.request.startedWriting


def test_an_answer_that_cannot_be_sent() -> None:
    """A fault while sending is logged, not lost."""

    async def odd(request: Request) -> Answer:
        request.finish()
        return html_answer(200, b"after the end")

    with capturedLogs() as events:
        ask(AsyncResource({b"GET": odd}))
    assert [event["log_level"] for event in events if event["log_namespace"].startswith("appproxy")] == [LogLevel.critical]


def test_redirects() -> None:
    """The browser goes on with GET, so that no password is sent on; nothing is kept, and each cookie has its own line."""
    status, block, body = redirect("https://x/", cookie_lines(b"a=1", b"b=2"))
    check_block(block)
    assert (status, body) == (303, b"")
    assert values(block, b"set-cookie") == [b"a=1", b"b=2"]
    assert values(block, b"cache-control") == [b"no-store"]


def test_only_ascii() -> None:
    """A location with other signs is a fault, never sent."""
    with pytest.raises(UnicodeEncodeError):
        redirect("https://wiki.example.com/\u00e9")


def test_json_answers() -> None:
    """An object, guarded like a page, with the fields that were asked for."""
    answer = json_answer(401, {"signed_in": False}, b"retry-after: 1\n")
    check_block(answer.fields)
    assert (answer.status, json.loads(answer.body)) == (401, {"signed_in": False})
    assert values(answer.fields, b"content-type") == [b"application/json"]
    assert values(answer.fields, b"x-content-type-options") == [b"nosniff"]
    assert values(answer.fields, b"retry-after") == [b"1"]


@pytest.mark.parametrize(
    ("kind", "body", "status", "text"),
    [
        ("application/x-www-form-urlencoded", b"a=1&a=2", 200, "a=1&a=2"),
        ("Application/X-WWW-Form-urlencoded; charset=x", b"a=" + b"b" * 8, 200, "a=" + "b" * 8),
        ("application/x-www-form-urlencoded", b"a=" + b"b" * 9, 413, None),
        ("text/plain", b"a=1", 400, None),
        ("", b"a=1", 400, None),
    ],
)
def test_forms(kind: str, body: bytes, status: int, text: str | None) -> None:
    """A form arrives as it was sent; what is none, or too large, is refused."""

    async def posted(request: Request) -> Answer:
        return html_answer(200, form_body(request, 10))

    got = ask(AsyncResource({b"POST": posted}), method="POST", body=body, content_type=kind)
    assert got.status == status
    assert text is None or got.text == text


def test_a_way_out() -> None:
    """A failure's page may show a link, and the answer may bring fields."""

    async def refused(request: Request) -> Answer:
        return failure_answer(request, Code.NOT_ASSIGNED, "canary", fields=b"a: b\n", link="https://x/", link_text="Out")

    got = ask(AsyncResource({b"GET": refused}))
    assert got.status == 403
    assert 'href="https://x/"' in got.text
    assert got.fields["a"] == ["b"]
    assert got.heard == Heard(Code.NOT_ASSIGNED, "canary")
    assert "canary" not in got.text


def test_the_style_sheet() -> None:
    """It comes as one, and browsers may keep it for a while."""
    got = ask(style_sheet())
    assert (got.status, got.content) == (200, STYLE)
    assert got.fields["content-type"] == ["text/css; charset=utf-8"]
    assert got.fields["cache-control"] == ["max-age=3600"]


def test_whose_work_it_is() -> None:
    """Queues that what is asked has to wait in know the network it came from, as long as it is at work, and no longer."""
    seen: list[str] = []

    async def look(request: Request) -> Answer:
        await succeed(None)
        seen.append(SENDER.get())
        return html_answer(200, b"")

    assert ask(AsyncResource.reading(look)).status == 200
    assert seen == ["127.0.0.1"]
    assert SENDER.get() == ""
