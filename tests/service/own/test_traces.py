"""The service's spans: which requests have one, what it says, and what the connector is told."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.front import Front, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.own.traces import ServiceTracer, describe
from appproxy.trace.context import TraceContext, read_traceparent
from appproxy.trace.sampling import IGNORE, JOIN, Sampler
from appproxy.trace.span import Span, SpanKind
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_request
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import GET, Signal, World, refusal

STRANGER = TraceContext(b"t" * 16, b"s" * 8, True)


class TracedWorld(World):
    """A node that traces as `drawn` says: below 0.5, it does."""

    drawn = 0.0
    users = IGNORE

    def __post_init__(self) -> None:
        super().__post_init__()
        self.spans: list[Span] = []
        self._random = 0
        hooks = self.relay.hooks = Hooks()
        sampler = Sampler(0.5, self.users, lambda: self.drawn, self._bytes)
        self.tracer = ServiceTracer(sampler, lambda: self.clock.seconds(), self.spans.append)
        self.tracer.attach(hooks)
        self.front = Front(self.handle, self.clock, refusal, Stamps(self._new_id), entry=UserConnection, hooks=hooks)

    def _bytes(self, count: int) -> bytes:
        self._random += 1
        return self._random.to_bytes(count, "big")


def asked(signal: Signal) -> tuple[int, list[bytes]]:
    """Id of the one request that came, and its lines about traces."""
    ((id, head),) = [(frame[2], frame[3]) for frame in signal.frames() if frame[0] == Kind.REQ]
    return id, [line for line in decode_request(head).block.splitlines() if line.startswith(b"trace")]


def with_fields(*fields: bytes) -> bytes:
    """A request with these lines."""
    return GET.replace(b"\r\n\r\n", b"".join(b"\r\n" + field for field in fields) + b"\r\n\r\n")


def test_a_request_and_the_next_of_its_connection() -> None:
    """Each has a trace of its own, although the fields are the same to the letter."""
    world = TracedWorld()
    signal, user = world.welcomed(), world.user()
    contexts = []
    for _ in range(2):
        user.send(GET)
        id, (line,) = asked(signal)
        contexts.append(read_traceparent(line.removeprefix(b"traceparent: ")))
        world.clock.advance(0.5)
        signal.answer(id, 200, b"", b"done")
    assert [span.context for span in world.spans] == contexts and len(set(contexts)) == 2
    span = world.spans[0]
    assert (span.kind, span.name, span.parent, span.failed) == (SpanKind.SERVER, "GET wiki", b"", False)
    assert span.end - span.begin == 0.5
    assert span.attributes["http.response.status_code"] == 200 and span.attributes["http.response.body.size"] == 4
    assert [event.name for event in span.events] == ["dispatched", "answered"]


def test_one_that_is_not_drawn() -> None:
    """Nothing is kept of it; and no stranger has their trace go on behind us."""
    world = TracedWorld()
    world.drawn = 0.5
    signal, user = world.welcomed(), world.user()
    for request, lines in (
            (GET, []),
            (with_fields(b"traceparent: " + STRANGER.value, b"tracestate: a=1"),
             [b"traceparent: " + STRANGER.value[:-1] + b"0", b"tracestate: a=1"]),
            (with_fields(b"traceparent: nonsense", b"tracestate: a=1"), []),
            (with_fields(b"traceparent: " + STRANGER.value, b"traceparent: " + STRANGER.value), [])):
        user.send(request)
        id, found = asked(signal)
        assert found == lines
        signal.answer(id, 200, b"", b"done")
    assert world.spans == [] and world.tracer._open == {}


@pytest.mark.parametrize("users", [IGNORE, JOIN])
def test_a_stranger_with_a_trace(users: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linked, or joined."""
    monkeypatch.setattr(TracedWorld, "users", users)
    world = TracedWorld()
    signal, user = world.welcomed(), world.user()
    user.send(with_fields(b"traceparent: " + STRANGER.value, b"tracestate: a=1"))
    id, lines = asked(signal)
    signal.answer(id, 200, b"", b"done")
    (span,) = world.spans
    joined = users == JOIN
    assert lines == [b"traceparent: " + span.context.value, *([b"tracestate: a=1"] if joined else [])]
    assert (span.context.trace_id == STRANGER.trace_id) is joined
    assert (span.parent, span.links) == ((STRANGER.span_id, []) if joined else (b"", [STRANGER]))


def test_waiting_and_a_second_try() -> None:
    """Its events say what took the time."""
    world = TracedWorld()
    user = world.user()
    user.send(GET)
    signals = [world.welcomed("c1")]
    id, _ = asked_in(signals[0].kept)
    signals.append(world.welcomed("c2"))
    signals[0].fail(Kind.REJECT, id, 1)
    id, lines = asked(signals[1])
    signals[1].answer(id, 200, b"", b"done")
    (span,) = world.spans
    assert [event.name for event in span.events] == ["queued", "dispatched", "retried", "answered"]
    assert [event.attributes.get("appproxy.connector") for event in span.events] == [None, "c1", "c2", None]
    assert lines == [b"traceparent: " + span.context.value]


def asked_in(frames: list[Any]) -> tuple[int, bytes]:
    """Id and head of the one request among these."""
    ((id, head),) = [(frame[2], frame[3]) for frame in frames if frame[0] == Kind.REQ]
    return id, head


@pytest.mark.parametrize(("failure", "status", "failed", "kind"), [
    (None, 200, False, None), (None, 404, False, None), (None, 500, True, "500"), (Code.CANCELLED, 0, False, "CANCELLED"),
    (Code.ORIGIN_REFUSED, 502, True, "ORIGIN_REFUSED"), (Code.NOT_ASSIGNED, 403, False, "NOT_ASSIGNED"),
    (Code.ORIGIN_TRUNCATED, 200, True, "ORIGIN_TRUNCATED"),
])
def test_what_is_an_error(failure: Code | None, status: int, failed: bool, kind: str | None) -> None:
    """What the server is to blame for; `error.type` is there for all that failed."""
    exchange = FakeExchange(head_for("https://wiki.example.com/page?token=x"))
    exchange.failure, exchange.status, exchange.application = failure, status, "wiki"
    span = Span(STRANGER, b"", SpanKind.SERVER, 0.0)
    describe(span, exchange)
    assert (span.failed, span.attributes.get("error.type")) == (failed, kind)
    assert span.attributes["url.path"] == "/page" and "token" not in repr(span)


def test_our_own_pages_say_no_path() -> None:
    """A link that is used once would be worth something to whoever reads traces."""
    exchange = FakeExchange(head_for("https://signin.example.com/device/once-only"))
    span = Span(STRANGER, b"", SpanKind.SERVER, 0.0)
    describe(span, exchange)
    assert span.name == "GET" and "once-only" not in repr(span.attributes)


@pytest.mark.parametrize(("application", "url"), [
    ("wiki", "https://wiki.example.com/.appproxy/at/once-only"), ("administration", "https://admin.example.com/users/ann"),
])
def test_our_own_pages_at_other_hosts(application: str, url: str) -> None:
    """The same of what is ours at an application's host, and of the administration, whose paths name users."""
    exchange = FakeExchange(head_for(url))
    exchange.application = application
    span = Span(STRANGER, b"", SpanKind.SERVER, 0.0)
    describe(span, exchange)
    assert span.name == f"GET {application}" and "url.path" not in span.attributes


def test_who_is_sent_to_the_sign_in() -> None:
    """With the reason, and no connector."""
    world = TracedWorld()
    exchange, hooks = FakeExchange(head_for("https://wiki.example.com/")), world.relay.hooks
    assert hooks.started is not None
    hooks.started(exchange)
    exchange.detail, exchange.status = "no session", 303
    assert hooks.answered is not None and hooks.ended is not None
    hooks.answered(exchange)
    hooks.ended(exchange)
    (span,) = world.spans
    assert [(event.name, dict(event.attributes)) for event in span.events] == [("sign-in", {"appproxy.reason": "no session"})]


def test_what_is_not_traced_costs_one_look() -> None:
    """Nobody hears of the rest of a request while none is traced; and again when the last one is over."""
    world = TracedWorld()
    signal, users = world.welcomed(), [world.user(), world.user()]
    hooks = world.relay.hooks

    def heard() -> set[str]:
        return {event for event in Hooks.EVENTS if getattr(hooks, event) is not None}

    assert heard() == {"started"}
    for user in users:
        user.send(GET)
    assert heard() == set(Hooks.EVENTS)
    for id in [frame[2] for frame in signal.frames() if frame[0] == Kind.REQ]:
        assert heard() == set(Hooks.EVENTS)
        signal.answer(id, 200, b"", b"done")
    assert heard() == {"started"} and len(world.spans) == 2
