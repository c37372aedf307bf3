"""The service's part of traces: a span for each of users' requests that is drawn, from its head to the end of its answer.

It hangs on the hooks of exchanges, and is told nothing where traces are off. No span says who asked: the access log does, and
`appproxy.request_id` leads there.
"""

from __future__ import annotations

from collections.abc import Callable

from appproxy.errors import FAILURES, Code
from appproxy.http.head import Fields
from appproxy.publish.administration import ADMINISTRATION
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.trace.context import TraceContext
from appproxy.trace.sampling import Sampler, context_of, with_context, without_context
from appproxy.trace.span import Span, SpanKind, bare_path, method_attributes

#: What is of interest only while something is traced.
_LATER = tuple(event for event in Hooks.EVENTS if event != "started")
#: Of all hosts.
_OWN_PATHS = b"/.appproxy/"
_VERSIONS = {10: "1.0", 11: "1.1", 20: "2"}


class ServiceTracer:
    """`add` takes a span that is over; `wall_clock`: seconds since 1970."""

    def __init__(self, sampler: Sampler, wall_clock: Callable[[], float], add: Callable[[Span], None]) -> None:
        self._sampler = sampler
        self._wall_clock = wall_clock
        self._add = add
        #: Of exchanges that are not over, by their id.
        self._open: dict[str, Span] = {}
        self._hooks = Hooks()

    def attach(self, hooks: Hooks) -> None:
        """Hear of exchanges from now on: of each that it has started, and of the rest while one of them is traced."""
        self._hooks = hooks
        hooks.add("started", self.started)

    def _keep(self, exchange: Exchange, span: Span) -> None:
        if not self._open:
            for event in _LATER:
                self._hooks.add(event, getattr(self, event))
        self._open[exchange.id] = span

    def started(self, exchange: Exchange) -> None:
        """Draw it or not. What the application gets is ours, or has no word of the user's that would have it traced there."""
        head = exchange.head
        given, state, is_void = context_of(head.fields)
        sample = self._sampler.draw(given, state)
        if sample is None:
            if given is not None and given.sampled:
                self._rewrite(exchange, with_context(head.fields, TraceContext(given.trace_id, given.span_id, False), state))
            elif is_void:  # applications may read what is none more kindly: the first of two, for example
                self._rewrite(exchange, without_context(head.fields))
            return
        span = Span(sample.context, sample.parent, SpanKind.SERVER, self._wall_clock())
        self._keep(exchange, span)
        span.state = sample.state.decode("latin-1")
        if sample.link is not None:
            span.links.append(sample.link)
        self._rewrite(exchange, with_context(head.fields, sample.context, sample.state))

    def _rewrite(self, exchange: Exchange, fields: Fields) -> None:
        head = exchange.head
        head.fields = fields
        head.repeated = None  # what was worked out for the same fields before has another's context

    def queued(self, exchange: Exchange) -> None:
        """No connector takes it at the moment."""
        if (span := self._find(exchange)) is not None:
            span.happened(self._wall_clock(), "queued")

    def dispatched(self, exchange: Exchange) -> None:
        """A connector has it, for the first time or once more."""
        if (span := self._find(exchange)) is not None:
            name = "dispatched" if exchange.attempts <= 1 else "retried"
            span.happened(self._wall_clock(), name, connector=exchange.connector, attempt=exchange.attempts)

    def answered(self, exchange: Exchange) -> None:
        """Its answer begins."""
        if (span := self._find(exchange)) is None:
            return
        if not exchange.attempts and exchange.failure is None and exchange.detail:
            span.happened(self._wall_clock(), "sign-in", reason=exchange.detail)
        else:
            span.happened(self._wall_clock(), "answered", status=exchange.status)

    def _find(self, exchange: Exchange) -> Span | None:
        return self._open.get(exchange.id)

    def ended(self, exchange: Exchange) -> None:
        """It is over."""
        span = self._open.pop(exchange.id, None)
        if span is None:
            return
        if not self._open:
            for event in _LATER:
                self._hooks.remove(event, getattr(self, event))
        span.end = self._wall_clock()
        describe(span, exchange)
        self._add(span)


def describe(span: Span, exchange: Exchange) -> None:
    """What is known of an exchange that is over, in the words of the conventions for HTTP servers."""
    head, attributes = exchange.head, span.attributes
    attributes |= method_attributes(head.method)
    attributes["url.scheme"] = exchange.scheme
    attributes["network.protocol.version"] = _VERSIONS[head.version]
    attributes["appproxy.request_id"] = exchange.id
    if head.host:
        attributes["server.address"] = head.host
        port = head.authority.rpartition(b":")[2]
        if port.isdigit() and len(port) <= 5:
            attributes["server.port"] = int(port)
    span.name = str(attributes["http.request.method"])
    if exchange.application:
        span.name += f" {exchange.application}"
        attributes["appproxy.application"] = exchange.application
        # Paths of our own pages may be links that are used once, and those of the administration name users.
        if exchange.application != ADMINISTRATION and not head.target.startswith(_OWN_PATHS):
            attributes["url.path"] = bare_path(head.target)
    if exchange.connector:
        attributes["appproxy.connector"] = exchange.connector
        attributes["appproxy.attempts"] = exchange.attempts
    if exchange.status:
        attributes["http.response.status_code"] = exchange.status
    attributes["http.request.body.size"] = exchange.received
    attributes["http.response.body.size"] = exchange.sent
    _judge(span, exchange)


def _judge(span: Span, exchange: Exchange) -> None:
    """An error is what the server is to blame for: a user who leaves, or may not, is none."""
    failure = exchange.failure
    if failure is not None:
        span.attributes["error.type"] = failure.name
        span.failed = failure is not Code.CANCELLED and FAILURES[failure].status >= 500
    elif exchange.status >= 500:
        span.attributes["error.type"] = str(exchange.status)
        span.failed = True
