"""Forms that are posted to clients of the built-in provider."""

from __future__ import annotations

from typing import Any, cast

import pytest
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.iweb import IAgent
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from appproxy.net.agent import UnreadAnswer
from appproxy.service.signin.openid.posting import CALL_TIMEOUT, Posting
from tests.fakes.outcome import got

URL = "https://elsewhere.example/heard?logout=backchannel"


class Elsewhere(Resource):
    """Answers with a status and a page; with 0 never, and with 1 a page without an end."""

    isLeaf = True

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
        self.asked: list[Request] = []

    def render(self, request: Request) -> Any:
        """Called by twisted.web."""
        self.asked.append(request)
        if self.status == 0:
            return NOT_DONE_YET
        request.setResponseCode(200 if self.status == 1 else self.status)
        request.setHeader("location", "https://evil.example/")
        if self.status > 1:
            return b"a page"
        request.write(b"x" * 1000)
        return NOT_DONE_YET


def post(there: Elsewhere, clock: Clock) -> tuple[Deferred[int], RequestTraversalAgent]:
    """Post a form to it."""
    agent = RequestTraversalAgent(there)
    posting = Posting(cast("Any", clock), lambda ca_bundle: cast("IAgent", agent))
    answer = posting(URL, {"logout_token": "a b"}, "")
    agent.flush()
    return answer, agent


@pytest.mark.parametrize("status", [200, 204, 302, 400, 503])
def test_the_status_is_told(status: int) -> None:
    """Whatever it is; a redirect leads nowhere."""
    there, clock = Elsewhere(status), Clock()
    assert got(post(there, clock)[0]) == status
    (request,) = there.asked
    assert (request.method, request.uri) == (b"POST", b"/heard?logout=backchannel")
    assert request.args is not None and request.args[b"logout_token"] == [b"a b"]
    assert clock.getDelayedCalls() == []


def test_a_page_without_an_end() -> None:
    """Nobody reads it: the status is there, and the connection is closed."""
    there, clock = Elsewhere(1), Clock()
    answer, _ = post(there, clock)
    assert got(answer) == 200
    stopped: list[bool] = []

    class Transport:
        def stopProducing(self) -> None:
            stopped.append(True)

    UnreadAnswer().makeConnection(cast("Any", Transport()))
    assert stopped == [True]


def test_silence() -> None:
    """Is given up after a while."""
    clock = Clock()
    answer, _ = post(Elsewhere(0), clock)
    clock.advance(CALL_TIMEOUT - 1)
    assert not answer.called
    clock.advance(1)
    with pytest.raises(TimeoutError, match="no whole answer in 10 s"):
        got(answer)


def test_authorities_of_their_own() -> None:
    """Connections are shared by those who trust the same, and by no others."""
    made: list[str] = []

    def make(ca_bundle: str) -> IAgent:
        made.append(ca_bundle)
        return cast("IAgent", RequestTraversalAgent(Elsewhere(200)))

    posting = Posting(cast("Any", Clock()), make)
    for ca_bundle in ("", "corp", "", "corp"):
        posting(URL, {}, ca_bundle).addErrback(lambda failure: None)
    assert made == ["", "corp"]
