"""Batches that are posted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.web.http_headers import Headers

from appproxy.export.webhook import signature
from appproxy.service.exports.delivery import DeliveryFailed, Payload
from appproxy.service.exports.webhook_client import WebhookClient
from appproxy.store.service.audit_exports import AuditExport

EXPORT = AuditExport(
    "1", "hook", "https://hooks.example.com/in?t=1", "json", "", "", 0.0, 0, 0.0, 0, "", 0.0, 0, 0, 0, b"k" * 32, "")


class Response:
    """What a receiver answers; its body is dropped unread."""

    def __init__(self, code: int, headers: dict[str, list[str]]) -> None:
        self.code = code
        self.headers = Headers(headers)
        self.dropped = False

    def deliverBody(self, protocol: Any) -> None:
        protocol.makeConnection(self)

    def stopProducing(self) -> None:
        self.dropped = True


class Agent:
    """Takes requests."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.requests: list[tuple[bytes, bytes, Headers, bytes]] = []

    def request(self, method: bytes, uri: bytes, headers: Headers, body: Any) -> Deferred[Response]:
        written: list[bytes] = []
        body.startProducing(type("Consumer", (), {"write": staticmethod(written.append)})())
        self.requests.append((method, uri, headers, b"".join(written)))
        return succeed(self.response)


def post(code: int, **headers: str) -> tuple[Agent, object]:
    """One batch; what came of it."""
    agent = Agent(Response(code, {name.replace("_", "-"): [value] for name, value in headers.items()}))
    make: Callable[[AuditExport], Any] = lambda export: agent  # noqa: E731 -- typed
    results: list[object] = []
    client = WebhookClient(Clock(), lambda: 1000.0, make)
    client(EXPORT, Payload("m-1", (b'{"a":1}', b'{"a":2}'))).addBoth(results.append)
    return agent, results[0]


def test_a_batch() -> None:
    """A JSON list, posted to the very URL, signed with the destination's key; the answer's body is not read."""
    agent, result = post(204)
    ((method, uri, headers, body),) = agent.requests
    assert result is None and agent.response.dropped
    assert (method, uri, body) == (b"POST", b"https://hooks.example.com/in?t=1", b'[{"a":1},{"a":2}]')
    assert headers.getRawHeaders("webhook-signature") == [signature(b"k" * 32, "m-1", 1000.0, body)]
    assert headers.getRawHeaders("webhook-id") == ["m-1"] and headers.getRawHeaders("content-type") == ["application/json"]


@pytest.mark.parametrize(("code", "wait", "refused"), [
    (503, 30.0, False), (302, 0.0, False), (403, 0.0, False), (422, 0.0, True)])
def test_what_was_not_taken(code: int, wait: float, refused: bool) -> None:
    """With what the receiver wishes, and whether another try makes sense; nothing is sent where a redirect points."""
    agent, result = post(code, **({"retry_after": "30"} if wait else {}), location="https://elsewhere.example.com/")
    error = getattr(result, "value", None)
    assert isinstance(error, DeliveryFailed)
    assert (error.wait, error.refused, str(code) in str(error)) == (wait, refused, True)
    assert error.suspect is (code in {403, 422})
    assert len(agent.requests) == 1


def test_a_wish_that_is_no_text() -> None:
    """Whatever bytes a receiver sends there, it has answered, and what it answered counts."""
    response = Response(503, {})
    response.headers.addRawHeader(b"retry-after", b"\xff\xfe")
    make: Callable[[AuditExport], Any] = lambda export: Agent(response)  # noqa: E731 -- typed
    results: list[Any] = []
    WebhookClient(Clock(), lambda: 1000.0, make)(EXPORT, Payload("m-1", (b"{}",))).addBoth(results.append)
    assert isinstance(results[0].value, DeliveryFailed) and results[0].value.wait == 0.0 and response.dropped
