"""How the provider's end points answer when something is wrong."""

from __future__ import annotations

import gc

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.errors import Code, RequestError, StoreError
from appproxy.provider.web import Answer, EndPoint, html_answer, redirect
from tests.provider.house import Browser


def served(error: Exception | None) -> Browser:
    """A browser for one end point, which fails if there is an error."""

    async def serve(request: Request) -> Answer:
        if error is not None:
            raise error
        return html_answer(200, b"fine")

    root = Resource()
    root.putChild(b"here", EndPoint({b"GET": serve}))
    return Browser(root)


class TestEndPoint:
    @pytest.mark.parametrize(
        ("error", "status", "level"),
        [
            (RequestError(Code.SIGN_IN_STATE, "canary"), 400, LogLevel.info),
            (RequestError(Code.OVERLOADED, "canary"), 503, LogLevel.info),
            (StoreError("canary"), 503, LogLevel.error),
            (ValueError("canary"), 500, LogLevel.critical),
        ],
    )
    def test_errors_become_pages(self, error: Exception, status: int, level: object) -> None:
        """Every failure ends on an error page that says nothing of the inside; the log says it."""
        with capturedLogs() as events:
            page = served(error).get("/here")
        assert page.status == status
        assert "canary" not in page.text
        assert "Traceback" not in page.text
        assert page.fields["cache-control"] == ["no-store"]
        ours = [event for event in events if event["log_namespace"].startswith("appproxy.provider.web")]
        assert [event["log_level"] for event in ours] == [level]

    def test_programs_get_json(self) -> None:
        """Who asks for JSON gets the failure as JSON."""
        page = served(RequestError(Code.SIGN_IN_STATE)).get("/here", accept="application/json")
        assert page.fields["content-type"] == ["application/problem+json"]

    def test_a_users_request_id_is_not_shown(self) -> None:
        """What a user sends as request id does not come back."""
        page = served(RequestError(Code.SIGN_IN_STATE)).get("/here", x_request_id="canary")
        assert "canary" not in page.text

    def test_wrong_method(self) -> None:
        """Another method is refused, and the answer says which there are."""
        page = served(None).post("/here", {})
        assert page.status == 405
        assert page.fields["allow"] == ["GET"]

    def test_whole(self) -> None:
        """An answer arrives as it was meant."""
        page = served(None).get("/here")
        assert (page.status, page.text) == (200, "fine")
        assert page.fields["content-type"] == ["text/html; charset=utf-8"]

    def test_a_user_who_left(self) -> None:
        """An answer for somebody who has gone meanwhile is dropped without a fault."""
        waiting: Deferred[Answer] = Deferred()

        async def serve(request: Request) -> Answer:
            left.append(request)
            return await waiting

        left: list[Request] = []
        root = Resource()
        root.putChild(b"here", EndPoint({b"GET": serve}))
        browser = Browser(root)
        with pytest.raises(AssertionError, match="no result yet"):
            browser.get("/here")
        left[0].connectionLost(Failure(ConnectionLost()))
        with capturedLogs() as events:
            waiting.callback(html_answer(200, b"late"))
            # A Deferred that failed says so when it is collected.
            gc.collect()
        assert events == []


class TestRedirect:
    def test_see_other(self) -> None:
        """A posted password is not sent on: the browser goes on with GET."""
        assert redirect("https://wiki.example.com/").status == 303

    def test_only_ascii(self) -> None:
        """A location with other signs is a fault, never sent."""
        with pytest.raises(UnicodeEncodeError):
            redirect("https://wiki.example.com/\u00e9")
