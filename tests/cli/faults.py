"""What breaks a state directory, or what is around it, for the doctor to find."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from appproxy.config import ConnectorPaths, ConnectorSettings, dump_connector
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.pki import Credential, certificate_request, create_authority, issue_server, new_key, public_key_from_request
from appproxy.pki.issuing.authority import issue_connector

#: OpenSSL judges certificates by the real clock.
REAL = time.time()  # noqa: TID251 -- as above
NAME = "connect.example.com"


def closed_port() -> int:
    """One at which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Answers(BaseHTTPRequestHandler):
    """Whatever the server is told to answer."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.answer(self)

    do_HEAD = do_CONNECT = do_POST = do_GET

    def date_time_string(self, timestamp: float | None = None) -> str:
        server: Any = self.server
        return super().date_time_string(REAL + server.ahead)

    def say(self, status: int, body: bytes = b"") -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None: ...


@contextmanager
def listening(
    answer: Callable[[Answers], object], context: ssl.SSLContext | None = None, ahead: float = 0.0
) -> Iterator[int]:
    """A server with TLS or without; gives its port. Its clock may be ahead."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answer, server.ahead, server.handle_error = answer, ahead, lambda *_: None
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@dataclass
class Service:
    """An authority, and the TLS of a service that has its certificate from there."""

    directory: Path
    authority: Credential = field(default_factory=lambda: create_authority("test", REAL, serial=os.urandom(16)))

    def context(self, authority: Credential | None = None) -> ssl.SSLContext:
        """Of its connectors' listener; `authority`: another one's certificate."""
        made = issue_server(authority or self.authority, [NAME], REAL, 90, os.urandom(16))
        file = self.directory / "server.pem"
        file.write_text(made.key + made.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def connector(self, days: int = 365, **settings: Any) -> Path:
        """A directory that has joined; its service is at `address`."""
        key = new_key()
        public = public_key_from_request(certificate_request(key))
        certificate = issue_connector(self.authority, public, "0123456789abcdef", REAL, days, os.urandom(16))
        known = ConnectorSettings(address="service.invalid:8443", name=NAME, id="0123456789abcdef", outbound_proxy="none")
        identity = Identity(Credential(certificate, key), (self.authority.certificate,))
        directory = self.directory / "connector"
        IdentityFiles(ConnectorPaths(directory)).create(identity, dump_connector(replace(known, **settings)))
        return directory
