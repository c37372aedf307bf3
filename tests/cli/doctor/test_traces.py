"""The doctor's look at the collector of traces."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.traces import examine
from appproxy.config.traces import TraceSettings, collector_url


class _Collector(BaseHTTPRequestHandler):
    """Answers 401 where the key is wrong; one whose path is /odd breaks the protocol."""

    def do_POST(self) -> None:
        """Called for each export."""
        if self.path.startswith("/odd"):
            self.wfile.write(b"hello\r\n\r\n")
            return
        self.send_response(200 if self.path.endswith("key=hunter2") else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a collector."""
    with HTTPServer(("127.0.0.1", 0), _Collector) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def found(url: str) -> Finding:
    """What the step says."""
    walk = Walk(lambda finding: None)
    examine(walk, TraceSettings(collector=collector_url(url)), Path())
    (finding,) = walk.findings
    return finding


def test_nothing_is_said_without_a_collector() -> None:
    """There is no step."""
    walk = Walk(lambda finding: None)
    examine(walk, TraceSettings(), Path())
    assert not walk.findings


@pytest.mark.parametrize(("target", "health", "said"), [
    ("/v1/traces?key=hunter2", Health.GOOD, "http://127.0.0.1:{port}/v1/traces?..."),
    ("/v1/traces?key=hunter3", Health.WARNING, "http://127.0.0.1:{port}/v1/traces?... answers 401"),
    ("/odd?key=hunter2", Health.WARNING, "http://127.0.0.1:{port}/odd?...: "),
    ("/v1/traces", Health.WARNING, "http://127.0.0.1:{port}/v1/traces answers 401"),
])
def test_whoever_reads_a_report_learns_no_key(port: int, target: str, health: Health, said: str) -> None:
    """The query may be what lets spans in; a report is shown to others, and sent to the service."""
    finding = found(f"http://127.0.0.1:{port}{target}")
    assert finding.health is health and finding.detail.startswith(said.format(port=port))
    assert "hunter" not in finding.detail + finding.hint
