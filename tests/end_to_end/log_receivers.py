"""What the audit is exported to: Debian's rsyslog over TLS, and a receiver of webhooks."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from appproxy.export.webhook import key_of, signature
from tests.end_to_end.ports import free_port
from tests.end_to_end.world import until
from tests.pki.chains import CLIENT, NOW, SERVER, Made, make

HOST = "localhost"
ENDS = NOW + 30 * 86400
#: The recipe of docs/audit-export.md is this, with other paths. A client's certificate is asked for.
_CONFIGURATION = """\
global(workDirectory="{home}" maxMessageSize="64k"
       defaultNetstreamDriverCAFile="{home}/ca.pem"
       defaultNetstreamDriverCertFile="{home}/cert.pem"
       defaultNetstreamDriverKeyFile="{home}/key.pem")
main_queue(queue.type="Direct")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name"
       permittedPeer=["appproxy.example"])
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="audit" type="string" string="%pri% %timestamp:::date-rfc3339% %hostname% %app-name% %msgid% %msg%\\n")
if $app-name == "appproxy" then action(type="omfile" file="{home}/audit.log" template="audit")
"""


@dataclass(slots=True)
class Rsyslog:
    """It runs between `start` and `stop`."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    own: Made = field(default_factory=lambda: make("Logs", authority=True, ends=ENDS))

    def prepare(self) -> None:
        """Its certificate, and that of the service."""
        server, client = (make(name, self.own, names=(name,), ends=ENDS, extensions=(use,))
                          for name, use in ((HOST, SERVER), ("appproxy.example", CLIENT)))
        for name, text in (("ca", self.own.pem), ("cert", server.pem), ("key", server.key), ("client", client.pem),
                           ("client-key", client.key)):
            (self.home / f"{name}.pem").write_text(text)
        (self.home / "rsyslog.conf").write_text(_CONFIGURATION.format(home=self.home, port=self.port))

    def start(self) -> None:
        """Begin to take what comes."""
        command = ["/usr/sbin/rsyslogd", "-n", "-f", str(self.home / "rsyslog.conf"), "-i", str(self.home / "pid")]
        with (self.home / "out").open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until(lambda: f":{self.port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text(), "rsyslog does not listen", 30)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(30)
            self.process = None

    def lines(self) -> list[str]:
        """What has come, as the template has it."""
        log = self.home / "audit.log"
        return log.read_text().split("\n")[:-1] if log.exists() else []

    def entries(self) -> list[dict[str, Any]]:
        """The messages."""
        return [json.loads(line.split(" ", 5)[5]) for line in self.lines()]


@dataclass(slots=True)
class Hook:
    """A receiver of webhooks. `answer` says what becomes of a batch: a status, and Retry-After; None: no answer at all."""

    home: Path
    port: int = field(default_factory=free_port)
    key: bytes = b""
    answer: Callable[[list[dict[str, Any]]], tuple[int, str] | None] = lambda entries: (200, "")
    #: Of the batches that were taken.
    entries: list[dict[str, Any]] = field(default_factory=list)
    #: All batches: their ids, and the numbers in them.
    batches: list[tuple[str, list[int]]] = field(default_factory=list)
    #: Whatever was not signed as it must be.
    forged: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """It takes what comes until the context ends."""
        server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.home / "cert.pem", self.home / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def took(self, headers: Any, body: bytes) -> tuple[int, str] | None:
        """What a batch is answered."""
        id_, moment = headers["webhook-id"], headers["webhook-timestamp"]
        if headers["webhook-signature"] != signature(self.key, id_, float(moment), body):
            self.forged += 1
            return 401, ""
        entries = json.loads(body)
        self.batches.append((id_, [one["number"] for one in entries]))
        answer = self.answer(entries)
        if answer is not None and answer[0] == 200:
            self.entries += entries
        return answer

    def use(self, secret: str) -> None:
        """The key that the command has printed."""
        self.key = key_of(secret.strip())


def _handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = hook.took(self.headers, self.rfile.read(int(self.headers["content-length"])))
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            if answer[1]:
                self.send_header("retry-after", answer[1])
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
