"""Traces from the user's request over the tunnel to the application, as a collector gets them from both programs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appproxy.config.connector import ConnectorSettings
from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.behaviours import LARGE, accept_websocket, large
from tests.end_to_end.collector import CollectorStandIn
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.origins import Call
from tests.end_to_end.system import CONNECTORS, System
from tests.end_to_end.visitor import Socket
from tests.end_to_end.world import DOMAIN, environment, until
from tests.trace.collected import Collected

SERVICE, CONNECTOR = "appproxy-service", "appproxy-connector"
SERVER, CLIENT = 2, 3
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@dataclass
class Traced:
    """A system that traces every request."""

    system: System
    collector: CollectorStandIn

    def start(self) -> None:
        """Both programs name the collector."""
        system = self.system
        system.build()
        self.name_it(system.state / "service.toml", ratio=1.0)
        for name in CONNECTORS:
            self.name_it(system.directory / name / "connector.toml")
        system.supervisor.end("service")
        system.start_service()
        for name in CONNECTORS:
            system.supervisor.end(name)
            system.start_connector(name)
        system.repair()

    def name_it(self, file: Path, ratio: float | None = None) -> None:
        """Of the settings that `init` and `join` have written."""
        text = file.read_text()
        assert '#collector = ""' in text
        text = text.replace('#collector = ""', f'collector = "{self.collector.url}"')
        file.write_text(text if ratio is None else text.replace("#ratio = 0.01", f"ratio = {ratio}"))

    def pair(self, path: str, connectors: int = 1) -> tuple[Collected, list[Collected]]:
        """The service's span of the request for a path, and the connectors'."""
        def there() -> bool:
            return len(self.collector.of(SERVICE, path)) == 1 and len(self.collector.of(CONNECTOR, path)) == connectors

        until(there, f"spans of {path}", 20)
        (service,) = self.collector.of(SERVICE, path)
        return service, self.collector.of(CONNECTOR, path)

    def context_at_the_application(self, path: str) -> tuple[str, str, str]:
        """Trace, parent and flags that the last request there has named."""
        seen = [one for one in self.system.origin.seen if one.target.partition(b"?")[0] == path.encode()][-1]
        (value,) = seen.values("traceparent")
        _, trace, span, flags = value.decode().split("-")
        return trace, span, flags

    def check(self, path: str) -> tuple[Collected, Collected]:
        """One request: the application's context hangs on the connector's span, and that on the service's."""
        service, (connector,) = self.pair(path)
        assert (service.kind, connector.kind) == (SERVER, CLIENT)
        assert connector.trace == service.trace and connector.parent == service.id
        assert self.context_at_the_application(path) == (service.trace, connector.id, "01")
        assert service.begin <= connector.begin and connector.end <= service.end + 1_000_000_000
        return service, connector


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """With a collector."""
    directory = tmp_path_factory.mktemp("traced")
    (directory / "logs").mkdir()
    collector = CollectorStandIn()
    with Supervisor(directory / "logs", environment()) as supervisor:
        made = Traced(System(directory, supervisor), collector)
        try:
            made.start()
            yield made
        finally:
            made.system.origin.stop()
            collector.stop()


def test_http_1(traced: Traced) -> None:
    """With the words of the conventions, and no word of the query or of who asked."""
    answer = traced.system.visitor().get(traced.system.url("raw", "/one?secret=hunter2"), Cookie="a=hunter2")
    assert answer.status == 200
    service, connector = traced.check("/one")
    assert service.name == connector.name == "GET raw" and not service.failed and not connector.failed
    assert service.parent == ""
    wanted = {"http.request.method": "GET", "http.response.status_code": 200, "url.scheme": "https", "url.path": "/one",
              "network.protocol.version": "1.1", "server.address": f"raw.{DOMAIN}", "server.port": traced.system.port,
              "appproxy.application": "raw", "appproxy.attempts": 1}
    assert wanted.items() <= service.attributes.items()
    assert connector.attributes["server.address"] == "127.0.0.1" and connector.attributes["http.response.status_code"] == 200
    assert connector.attributes["appproxy.request_id"] == service.attributes["appproxy.request_id"]
    assert [name for name, _ in service.events] == ["dispatched", "answered"]
    assert "hunter2" not in repr(traced.collector.spans)
    assert {call["path"] for call in traced.collector.calls} == {"/v1/traces"}
    assert {call["content-type"] for call in traced.collector.calls} == {"application/x-protobuf"}


def test_http_2(traced: Traced) -> None:
    """Two requests of one connection are two traces."""
    user = H2User(traced.system.port, traced.system.anchor, f"raw.{DOMAIN}")
    streams = [user.ask("/two"), user.ask("/three")]
    assert [user.answer(stream)[0] for stream in streams] == [200, 200]
    user.close()
    found = [traced.check(path)[0] for path in ("/two", "/three")]
    assert {one.attributes["network.protocol.version"] for one in found} == {"2"}
    assert found[0].trace != found[1].trace


def test_a_body_and_a_long_answer(traced: Traced) -> None:
    """They travel on a data connection, and are counted at both ends."""
    traced.system.origin.on("/upload", large)
    answer = traced.system.visitor().request(
        "POST", traced.system.url("raw", "/upload"), {"content-type": "application/octet-stream"}, bytes(300_000))
    assert (answer.status, answer.body) == (200, LARGE)
    for span in traced.check("/upload"):
        assert span.name == "POST raw"
        assert span.attributes["http.request.body.size"] == 300_000
        assert span.attributes["http.response.body.size"] == len(LARGE)


def test_a_websocket(traced: Traced) -> None:
    """Its spans last until it is closed."""
    def socket(call: Call) -> bool:
        accept_websocket(call, then=b"\x81\x05hello")
        call.wait_until_left()
        return False

    traced.system.origin.on("/socket", socket)
    opened = Socket(traced.system.visitor(), traced.system.url("raw", "/socket"))
    assert opened.receive() == "hello"
    opened.close()
    service, connector = traced.check("/socket")
    assert service.attributes["http.response.status_code"] == connector.attributes["http.response.status_code"] == 101
    assert not service.failed and not connector.failed


def test_a_retry_at_the_second_connector(traced: Traced) -> None:
    """The first one was killed: the service's span says so, and the second one's is its child."""
    system, came, first = traced.system, threading.Event(), list[int]()

    def once(call: Call) -> bool:
        if not first:
            first.append(call.seen.port)
            came.set()
            call.wait_until_left()
            return False
        call.answer(b"second")
        return True

    system.origin.on("/retry", once)
    answers = []
    user = threading.Thread(target=lambda: answers.append(system.visitor().get(system.url("raw", "/retry"))))
    user.start()
    assert came.wait(20)
    lost = system.connector_of(first[0])
    system.kill(lost)
    user.join(30)
    assert [(one.status, one.body) for one in answers] == [(200, b"second")]
    service, connector = traced.check("/retry")
    tries = [details for name, details in service.events if name in ("dispatched", "retried")]
    assert [one["appproxy.attempt"] for one in tries] == [1, 2]
    assert tries[0]["appproxy.connector"] == system.ids[lost] != tries[1]["appproxy.connector"]
    assert service.attributes["appproxy.attempts"] == 2 and connector.parent == service.id
    system.repair()


def test_an_error_of_the_application(traced: Traced) -> None:
    """By its name in the catalogue, at both ends."""
    assert traced.system.visitor().get(traced.system.url("dead", "/dead")).status == 502
    service, (connector,) = traced.pair("/dead")
    for span in (service, connector):
        assert span.failed and span.attributes["error.type"] == "ORIGIN_REFUSED"
    assert service.attributes["http.response.status_code"] == 502
    assert connector.parent == service.id and "http.response.status_code" not in connector.attributes


def test_a_sign_in(traced: Traced) -> None:
    """Who is sent there has a trace without a connector."""
    visitor = traced.system.visitor()
    assert visitor.get(traced.system.url("held", "/first"), accept="text/html").status in (302, 303)
    service, _ = traced.pair("/first", connectors=0)
    assert [name for name, _ in service.events] == ["sign-in"]
    assert not service.failed and "appproxy.connector" not in service.attributes


def test_a_strangers_context(traced: Traced) -> None:
    """Theirs is no part of ours, only linked; the application hears of ours alone."""
    got = traced.system.visitor().get(
        traced.system.url("raw", "/stranger"), traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="vendor=1")
    assert got.status == 200
    service, _ = traced.check("/stranger")
    assert service.trace != TRACE and service.links == [(TRACE, SPAN)] and service.state == ""
    assert traced.system.origin.seen[-1].values("tracestate") == []


def test_a_collector_that_is_away(traced: Traced) -> None:
    """Nobody waits for it; what it did not take comes once it is back."""
    traced.collector.status = 503
    calls = len(traced.collector.calls)
    assert traced.system.visitor().get(traced.system.url("raw", "/away")).status == 200
    until(lambda: len(traced.collector.calls) >= calls + 2, "both programs have tried", 30)
    assert traced.collector.of(SERVICE, "/away") == []
    traced.collector.status = 200
    traced.check("/away")


def test_a_stop_sends_what_is_there(traced: Traced) -> None:
    """The last requests before it are not lost."""
    assert traced.system.visitor().get(traced.system.url("raw", "/last")).status == 200
    for name in (*CONNECTORS, "service"):
        traced.system.supervisor.end(name)
    traced.check("/last")
    traced.system.start_service()
    traced.system.repair()


def test_the_ratio_and_no_traces_at_the_service(traced: Traced) -> None:
    """With a ratio of 0 nothing is traced, whatever strangers say, and their flag reaches nobody; switched off, it does."""
    assert ConnectorSettings(address="a:1", name="a", id="b").traces.collector is None
    file = traced.system.state / "service.toml"
    text = file.read_text()
    field = f"00-{TRACE}-{SPAN}-01"
    for number, (changed, heard) in enumerate((
            (text.replace("ratio = 1.0", "ratio = 0.0"), f"00-{TRACE}-{SPAN}-00"),
            (text.replace(f'collector = "{traced.collector.url}"', 'collector = ""'), field))):
        file.write_text(changed)
        traced.system.supervisor.end("service")
        traced.system.start_service()
        traced.system.repair()
        got = traced.system.visitor().get(traced.system.url("raw", f"/off{number}"), traceparent=field)
        assert got.status == 200
        assert [value.decode() for value in traced.system.origin.seen[-1].values("traceparent")] == [heard]
    for name in CONNECTORS:  # which send what they have at a stop
        traced.system.supervisor.end(name)
    assert [one for one in traced.collector.spans if str(one.attributes.get("url.path")).startswith("/off")] == []
