"""Small answers from where administrators have said that lists and responders are, and from nowhere else.

No redirect is followed, nothing is decompressed, no cookie is kept; an answer is bounded in size and time. Nobody is shown
what came: it counts by its signature, or not at all. So a URL that leads to something else gives nothing of it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent

from appproxy.errors import AppProxyError
from appproxy.http.shown_url import shown_url
from appproxy.net.agent import call, why_no_answer, within
from appproxy.net.small_body import BodyTooLargeError
from appproxy.service.signin.openid.provider_agent import ProviderAgent

#: Seconds for all of an answer, from dialling to its last byte: of a responder, for which a user waits, and of a list.
ANSWER_SECONDS, LIST_SECONDS = 8.0, 30.0
_HTTP_OK = 200


class FetchFailed(AppProxyError):
    """Nothing came, or nothing that is an answer. No query of a URL is told: it may be what lets us in there."""


class AnswerTooLong(FetchFailed):
    """More came than was to be taken."""


class Fetching:
    """`agent` replaces what dials: for tests."""

    def __init__(self, reactor: Any, agent: IAgent | None = None) -> None:
        self._reactor = reactor
        self._agent = agent or ProviderAgent(reactor)

    def get(self, url: str, largest: int, seconds: float = LIST_SECONDS) -> Deferred[bytes]:
        """What is there: `largest` bytes, within so many seconds. Fails with FetchFailed."""
        return self._fetch(b"GET", url, {}, None, largest, seconds)

    def post(
        self, url: str, kind: str, body: bytes, largest: int, seconds: float = ANSWER_SECONDS
    ) -> Deferred[bytes]:
        """The answer to `body`, which is of this media type. Fails with FetchFailed."""
        return self._fetch(b"POST", url, {"content-type": kind}, body, largest, seconds)

    def _fetch(
        self, method: bytes, url: str, fields: Mapping[str, str], body: bytes | None, largest: int, seconds: float
    ) -> Deferred[bytes]:
        def failed(failure: Failure) -> Failure:
            if failure.check(FetchFailed, CancelledError):  # who has asked is gone
                return failure
            return Failure(FetchFailed(f"{shown_url(url)}: {why_no_answer(failure)}", hint="can this machine reach it?"))

        headers = Headers({name: [value] for name, value in {"user-agent": "appproxy", **fields}.items()})
        fetching = Deferred.fromCoroutine(self._whole(method, url, headers, body, largest))
        return within(fetching, seconds, self._reactor).addErrback(failed)

    async def _whole(self, method: bytes, url: str, headers: Headers, body: bytes | None, largest: int) -> bytes:
        try:
            answer = await call(self._agent, method, url, headers, body, largest, lambda status: status == _HTTP_OK)
        except BodyTooLargeError:
            raise AnswerTooLong(f"{shown_url(url)}: the answer has more than {largest} bytes") from None
        if answer.status != _HTTP_OK:
            raise FetchFailed(f"{shown_url(url)}: the answer is {answer.status}",
                              hint="no redirect is followed: name the place itself")
        return answer.body
