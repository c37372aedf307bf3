"""A connector's part of traces: a span for each request that the service has drawn, until its answer is over.

The service says it in the request's own `traceparent`, whose parent this span becomes: so the application's spans hang on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.requests.access_log import failure_of
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.trace.context import SPAN_ID, TraceContext, read_traceparent
from appproxy.trace.span import Span, SpanKind, bare_path, method_attributes
from appproxy.tunnel.messages import Request

#: The line, and the value in it. Of several none counts.
_LINE = re.compile(rb"^traceparent: ([^\n]*+)$", re.MULTILINE)
_STATE = re.compile(rb"^tracestate: ([^\n]*+)$", re.MULTILINE)


class ConnectorTracer:
    """`add` takes a span that is over; `wall_clock`: seconds since 1970; `routes`: the applications, by id."""

    def __init__(
        self, routes: Callable[[], Mapping[str, OriginRoute]], wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes], add: Callable[[Span], None],
    ) -> None:
        self._routes = routes
        self._wall_clock = wall_clock
        self._random_bytes = random_bytes
        self._add = add
        #: By the identity of the request, which this keeps alive.
        self._open: dict[int, tuple[Request, Span]] = {}

    def begun(self, request: Request) -> None:
        """A request has come. Only those of a service that traces: another passes on what strangers say."""
        block = request.block
        if b"traceparent" not in block:
            return
        found = _LINE.findall(block)
        given = read_traceparent(found[0]) if len(found) == 1 else None
        if given is None or not given.sampled:
            return
        context = TraceContext(given.trace_id, self._random_bytes(SPAN_ID), True)
        span = Span(context, given.span_id, SpanKind.CLIENT, self._wall_clock())
        span.state = b",".join(_STATE.findall(block)).decode("latin-1")
        request.block = _LINE.sub(b"traceparent: " + context.value, block)
        self._open[id(request)] = request, span

    def ended(self, forward: LiveRequest) -> None:
        """It is over."""
        if not self._open:
            return
        _, span = self._open.pop(id(forward.request), (None, None))
        if span is not None:
            span.end = self._wall_clock()
            describe(span, forward, self._routes().get(forward.request.application))
            self._add(span)


def describe(span: Span, forward: LiveRequest, route: OriginRoute | None) -> None:
    """What is known of a request that is over, in the words of the conventions for HTTP clients."""
    request, attributes = forward.request, span.attributes
    attributes |= method_attributes(request.method)
    span.name = str(attributes["http.request.method"])
    attributes["url.path"] = bare_path(request.target)
    attributes["appproxy.request_id"] = request.correlation
    if route is not None:
        address = route.target.address
        span.name += f" {route.target.name}"
        attributes["appproxy.application"] = route.target.name
        attributes["network.protocol.version"] = "2" if address.protocol == "h2" else "1.1"
        if route.hosts is None:  # of a wildcard only its users know the hosts
            attributes |= {"url.scheme": address.scheme, "server.address": address.host, "server.port": address.port}
    if isinstance(forward, OriginRequest) and forward.tries > 1:
        attributes["http.request.resend_count"] = forward.tries - 1
    upload = forward.upload
    attributes["http.request.body.size"] = len(request.body) if upload is None else upload.received
    attributes["http.response.body.size"] = forward.sent
    code = failure_of(forward)
    if forward.status:
        attributes["http.response.status_code"] = forward.status
    if code is not None:
        attributes["error.type"], span.failed = code.name, True
    elif forward.status >= 400:
        attributes["error.type"], span.failed = str(forward.status), True
