"""The connector's spans: children of the service's, parents of the application's."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.request_hooks import RequestHooks
from appproxy.connector.requests.traces import ConnectorTracer
from appproxy.trace.context import TraceContext, read_traceparent
from appproxy.trace.span import Span, SpanKind
from appproxy.tunnel.frames import Kind
from tests.connector.rig import Rig, SignalPeer, code, request, send

SERVICE = TraceContext(b"t" * 16, b"s" * 8, True)
LINE = b"traceparent: " + SERVICE.value + b"\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class TracedRig(Rig):
    """A connector with a collector."""

    spans: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tracer = ConnectorTracer(lambda: self.routes, self.clock.seconds, lambda count: b"c" * count, self.spans.append)
        super().__post_init__()

    def hooks(self) -> RequestHooks:
        """Those of any connector, and traces."""

        def both(forward: LiveRequest) -> None:
            self.ended.append(forward)
            self.tracer.ended(forward)

        return RequestHooks(self.counters, both, self.tracer.begun)

    def traced(self, traces: int = 1) -> SignalPeer:
        """Connected to a service that traces, or not."""
        self.uplink.start()
        first, second = self.signal(), self.signal()
        for one in (first, second):
            one.welcome(limits={"traces": traces} if traces else {})
        return first


def lines_at_the_application(rig: Rig, answer: bytes = OK) -> list[bytes]:
    """What the application is told of traces; it answers."""
    origin = rig.origin()
    found = [line for line in origin.take().split(b"\r\n") if line.startswith(b"trace")]
    origin.deliver(answer)
    return found


def test_between_service_and_application() -> None:
    """Its parent is the service's span, and the application's parent is its own."""
    rig = TracedRig()
    signal = rig.traced()
    send(signal, 1, request(target=b"/page?token=x", block=LINE + b"tracestate: a=1\naccept: */*\n"))
    assert lines_at_the_application(rig) == [
        b"traceparent: " + TraceContext(SERVICE.trace_id, b"c" * 8, True).value, b"tracestate: a=1"]
    (span,) = rig.spans
    assert (span.context.trace_id, span.parent, span.kind, span.state) == (
        SERVICE.trace_id, SERVICE.span_id, SpanKind.CLIENT, "a=1")
    assert span.attributes["server.address"] == "wiki.corp" and span.attributes["server.port"] == 80
    assert span.attributes["http.response.status_code"] == 200 and not span.failed
    assert span.attributes["http.response.body.size"] == 2 and span.attributes["url.path"] == "/page"
    assert "token" not in repr(span)


@pytest.mark.parametrize("block", [
    b"traceparent: " + SERVICE.value[:-1] + b"0\n", b"traceparent: nonsense\n", LINE + LINE, b"x-traceparent: 1\n", b"",
])
def test_what_is_not_sampled(block: bytes) -> None:
    """It goes on as it came; so does what is no context, or several."""
    rig = TracedRig()
    signal = rig.traced()
    send(signal, 1, request(block=block))
    lines = [line for line in block.splitlines() if line.startswith(b"trace")]
    assert lines_at_the_application(rig) == lines and rig.spans == []


def test_a_service_that_does_not_trace() -> None:
    """What it passes on is a stranger's word."""
    rig = TracedRig()
    signal = rig.traced(0)
    send(signal, 1, request(block=LINE))
    assert lines_at_the_application(rig) == [LINE.strip()] and rig.spans == []


def test_failures_and_statuses() -> None:
    """By the names of the catalogue; a client's span fails from 400 on."""
    rig = TracedRig()
    signal = rig.traced()
    send(signal, 1, request(block=LINE))
    lines_at_the_application(rig, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    rig.settle()
    send(signal, 2, request(application="nobody", block=LINE))
    rig.refreshes.pop()()
    send(signal, 3, request(block=LINE))
    signal.send(Kind.CANCEL, 3, code())
    assert [(span.failed, span.attributes.get("error.type")) for span in rig.spans] == [
        (True, "404"), (True, "UNKNOWN_APPLICATION"), (True, "CANCELLED")]
    assert rig.spans[1].name == "GET" and "server.address" not in rig.spans[1].attributes
    assert rig.tracer._open == {}


def test_a_second_try_on_another_connection() -> None:
    """Is the same span, and says so."""
    rig = TracedRig()
    signal = rig.traced()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(OK)
    rig.settle()
    send(signal, 2, request(block=LINE))
    origin.take()
    origin.lose()
    (line,) = lines_at_the_application(rig)
    context = read_traceparent(line.removeprefix(b"traceparent: "))
    (span,) = rig.spans
    assert span.context == context and span.attributes["http.request.resend_count"] == 1
