"""What a collector is posted, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent
from zope.interface import implementer

from appproxy.config.traces import TraceSettings
from appproxy.errors import ConfigError
from appproxy.net.traces.collector import CALL_TIMEOUT, Collector, read_files
from appproxy.net.traces.export import Taken
from tests.pki.authorities import OURS


class Response:
    """An answer that nobody reads."""

    def __init__(self, code: int, **headers: str | bytes) -> None:
        self.code = code
        self.headers = Headers()
        for name, value in headers.items():
            self.headers.addRawHeader(name.replace("_", "-").encode(), value if isinstance(value, bytes) else value.encode())
        self.dropped = False

    def deliverBody(self, protocol: Any) -> None:
        """Called by whoever reads it."""
        protocol.makeConnection(self)

    def stopProducing(self) -> None:
        """The connection is closed."""
        self.dropped = True


@implementer(IAgent)
class Agent:
    """Remembers calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[bytes, bytes, Headers, bytes]] = []
        self.answer: Deferred[Any] = Deferred()

    def request(
        self, method: bytes, uri: bytes, headers: Headers | None = None, bodyProducer: Any = None
    ) -> Deferred[Any]:
        assert headers is not None
        self.calls.append((method, uri, headers, bodyProducer._body))
        return self.answer


@pytest.mark.parametrize(("response", "expected"), [
    (Response(200), (Taken.YES, "", 0.0)),
    (Response(202), (Taken.YES, "", 0.0)),
    (Response(429, retry_after="7"), (Taken.LATER, "it answers 429", 7.0)),
    (Response(503, retry_after="999999"), (Taken.LATER, "it answers 503", 300.0)),
    (Response(502, retry_after="Fri, 31 Dec 2033 23:59:59 GMT"), (Taken.LATER, "it answers 502", 300.0)),
    (Response(503, retry_after="Thu, 01 Jan 1970 00:16:50 GMT"), (Taken.LATER, "it answers 503", 10.0)),
    (Response(503, retry_after="soon"), (Taken.LATER, "it answers 503", 0.0)),
    (Response(503, retry_after="\u00b2"), (Taken.LATER, "it answers 503", 0.0)),
    (Response(503, retry_after=b"\xff\xfe"), (Taken.LATER, "it answers 503", 0.0)),
    (Response(503, retry_after="1" * 5000), (Taken.LATER, "it answers 503", 300.0)),
    (Response(400), (Taken.NEVER, "it answers 400", 0.0)),
    (Response(500), (Taken.NEVER, "it answers 500", 0.0)),
    (Response(302), (Taken.NEVER, "it answers 302", 0.0)),
])
def test_answers(response: Response, expected: tuple[Taken, str, float]) -> None:
    """As OTLP/HTTP says which may be tried again; nobody is followed elsewhere with a key."""
    agent, found = Agent(), list[object]()
    collector = Collector(Clock(), lambda: 1000.0, "http://collector/v1/traces", (("api-key", "k"),), agent=agent)
    collector(b"body").addCallback(found.append)
    agent.answer.callback(response)
    assert found == [expected] and response.dropped
    (method, url, headers, body) = agent.calls[0]
    assert (method, url, body) == (b"POST", b"http://collector/v1/traces", b"body")
    assert headers.getRawHeaders("api-key") == ["k"]
    assert headers.getRawHeaders("content-type") == ["application/x-protobuf"]


def test_silence_has_an_end() -> None:
    """It may be tried again."""
    clock, found = Clock(), list[object]()
    Collector(clock, lambda: 1000.0, "http://collector/v1/traces", agent=Agent())(b"").addCallback(found.append)
    clock.advance(CALL_TIMEOUT)
    assert found == [(Taken.LATER, "no whole answer in 10 s", 0.0)]


def test_files_of_the_settings(tmp_path: Path) -> None:
    """Fields and authorities are read when the program starts."""
    (tmp_path / "fields").write_text("# ours\nAuthorization: Bearer abc\n\nx-scope: a b\n")
    (tmp_path / "ca.pem").write_text(OURS.certificate)
    settings = TraceSettings(collector="https://c/v1/traces", collector_fields="fields", ca_bundle="ca.pem")
    assert read_files(settings, tmp_path) == (
        (("Authorization", "Bearer abc"), ("x-scope", "a b")), OURS.certificate)
    assert read_files(TraceSettings(), tmp_path) == ((), "")


@pytest.mark.parametrize(("settings", "said"), [
    (TraceSettings(collector_fields="missing"), "traces.collector_fields: missing: cannot be read"),
    (TraceSettings(collector_fields="bad"), "traces.collector_fields: bad: line 1: NAME: VALUE is needed"),
    (TraceSettings(ca_bundle="missing"), "traces.ca_bundle: missing: cannot be read"),
    (TraceSettings(ca_bundle="bad"), "traces.ca_bundle"),
    (TraceSettings(collector_fields="bytes"), "traces.collector_fields: bytes: it is no text"),
])
def test_files_that_are_no_good(settings: TraceSettings, said: str, tmp_path: Path) -> None:
    """Named by their setting, without a word of what is in them."""
    (tmp_path / "bad").write_text("hunter2\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError) as raised:
        read_files(settings, tmp_path)
    assert str(raised.value).startswith(said) and "hunter2" not in str(raised.value)
