"""A collector of traces, as OTLP/HTTP knows it (specification, "OTLP/HTTP"): what it is posted, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IPolicyForHTTPS
from zope.interface import implementer

from appproxy.config.traces import TraceSettings, collector_fields
from appproxy.errors import ConfigError
from appproxy.http.retry_after import wait_asked_for
from appproxy.net.agent import CallAnswer, call, why_no_answer, within
from appproxy.net.secure.contexts import ClientContext, origin_context
from appproxy.net.traces.export import SpanExporter, Taken
from appproxy.pki.pem import load_chain
from appproxy.trace.otlp import CONTENT_TYPE
from appproxy.trace.span import Value

#: Seconds to connect, and for a call in all: what OpenTelemetry's exporters have.
CONNECT_TIMEOUT, CALL_TIMEOUT = 5.0, 10.0
#: What may be tried again (OTLP/HTTP Response, "Retryable response codes").
_LATER = frozenset({429, 502, 503, 504})
#: Seconds that are waited at most because a collector asks for it.
_LONGEST = 300.0


class Collector:
    """Posts to one. `url`: all of it; `fields`: name and value of what each call says besides, such as a key.

    `ca_bundle`: PEM text that alone vouches for it, "" for this machine's authorities. `wall_clock` gives seconds since 1970.
    `agent` is for tests.
    """

    def __init__(
        self, reactor: Any, wall_clock: Callable[[], float], url: str, fields: tuple[tuple[str, str], ...] = (),
        ca_bundle: str = "", agent: IAgent | None = None,
    ) -> None:
        self._clock: IReactorTime = reactor
        self._wall_clock = wall_clock
        self._url = url
        self._headers = Headers({"content-type": [CONTENT_TYPE], "user-agent": ["appproxy"]})
        for name, value in fields:
            self._headers.setRawHeaders(name, [value])
        self._agent: Any = agent or Agent(
            reactor, _Trust(ca_bundle), connectTimeout=CONNECT_TIMEOUT, pool=HTTPConnectionPool(reactor))

    def __call__(self, body: bytes) -> Deferred[tuple[Taken, str, float]]:
        """Post it (`span_export.Post`)."""
        calling = Deferred.fromCoroutine(call(self._agent, b"POST", self._url, self._headers, body))
        return within(calling, CALL_TIMEOUT, self._clock).addCallbacks(
            self._judge, lambda failure: (Taken.LATER, why_no_answer(failure), 0.0))

    def _judge(self, answer: CallAnswer) -> tuple[Taken, str, float]:
        status = answer.status
        if 200 <= status < 300:
            return Taken.YES, "", 0.0
        taken = Taken.LATER if status in _LATER else Taken.NEVER
        asked = answer.headers.getRawHeaders(b"retry-after")
        return taken, f"it answers {status}", wait_asked_for(asked, self._wall_clock(), _LONGEST)


@implementer(IPolicyForHTTPS)
class _Trust:
    def __init__(self, ca_bundle: str) -> None:
        self._ca_bundle = ca_bundle
        self._made: dict[bytes, ClientContext] = {}

    def creatorForNetloc(self, hostname: bytes, port: int) -> ClientContext:
        """Called by the agent for each call."""
        made = self._made.get(hostname)
        if made is None:
            made = self._made[hostname] = origin_context(hostname.decode("ascii"), self._ca_bundle, "", True, None)
        return made


def exporter_of(
    settings: TraceSettings, directory: Path, reactor: Any, wall_clock: Callable[[], float], resource: Mapping[str, Value],
    version: str,
) -> SpanExporter:
    """What exports to the collector of these settings. `directory`: where relative paths count from; `wall_clock`: seconds
    since 1970. Raises ConfigError.
    """
    fields, ca_bundle = read_files(settings, directory)
    collector = Collector(reactor, wall_clock, settings.collector or "", fields, ca_bundle)
    return SpanExporter(reactor, collector, resource, version)


def read_files(settings: TraceSettings, directory: Path) -> tuple[tuple[tuple[str, str], ...], str]:
    """The fields of each call, and the PEM text of the authorities. Raises ConfigError, which shows no value."""
    fields: tuple[tuple[str, str], ...] = ()
    if settings.collector_fields is not None:
        try:
            fields = collector_fields(_read(directory, settings.collector_fields))
        except ValueError as error:
            raise ConfigError(f"traces.collector_fields: {settings.collector_fields}: {error}") from None
    try:
        ca_bundle = "" if settings.ca_bundle is None else _read(directory, settings.ca_bundle)
        if ca_bundle:
            load_chain(ca_bundle, "traces.ca_bundle")
    except ValueError as error:
        raise ConfigError(f"traces.ca_bundle: {settings.ca_bundle}: {error}") from None
    return fields, ca_bundle


def _read(directory: Path, name: str) -> str:
    """Raises ValueError."""
    try:
        return (directory / name).read_text()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
