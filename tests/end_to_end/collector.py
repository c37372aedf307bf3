"""A collector of traces: takes OTLP over HTTP, decodes it by the official definition, and keeps the spans."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.trace.collected import Collected, collected


class CollectorStandIn:
    """Listens at `url`. `status` is what it answers; `spans` grows."""

    def __init__(self) -> None:
        self.spans: list[Collected] = []
        self.calls: list[dict[str, str]] = []
        self.status = 200
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                stand_in.calls.append({"path": self.path, **{key.lower(): value for key, value in self.headers.items()}})
                if stand_in.status == 200:
                    stand_in.spans += collected(body)
                self.send_response(stand_in.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """As settings have it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def of(self, service: str, path: str) -> list[Collected]:
        """Spans of one program about one path."""
        return [one for one in list(self.spans) if one.service == service and one.attributes.get("url.path") == path]

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
