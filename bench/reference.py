"""The reference: two nginx hops with mutual TLS between them, and the nginx that is the application behind both.

    wrk -> TLS 1.3 -> hop 1 -> mutual TLS 1.3, kept alive -> hop 2 -> HTTP/1.1, kept alive -> application
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from appproxy.demo.start import free_port
from appproxy.demo.supervisor import Supervisor
from appproxy.pki import new_key, public_key_from_request
from appproxy.pki.issuing.authority import create_authority, issue_connector, issue_server
from appproxy.pki.issuing.request import certificate_request

#: The host that the reference is asked for; the same length as the product's, so that heads are equally long.
HOST = "small.appproxy.localhost"
#: Sizes of what the application serves, by path.
FILES: Mapping[str, int] = {"small": 1024, "page": 32 * 1024}

_COMMON = """
{user}
daemon off;
worker_processes 1;
pid {directory}/{name}.pid;
error_log {directory}/{name}.error.log warn;
events {{ worker_connections 20000; }}
http {{
    client_body_temp_path {directory}/{name}.body;
    proxy_temp_path {directory}/{name}.proxy;
    fastcgi_temp_path {directory}/{name}.fastcgi;
    uwsgi_temp_path {directory}/{name}.uwsgi;
    scgi_temp_path {directory}/{name}.scgi;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    {body}
}}
"""
_HOP = """
    access_log {directory}/{name}.access.log combined buffer=64k flush=1s;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    proxy_http_version 1.1;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_read_timeout 600s;
    ssl_protocols TLSv1.3;
"""
_APPLICATION = """
    access_log off;
    server {{
        listen 127.0.0.1:{port} reuseport;
        root {directory}/files;
        default_type application/octet-stream;
        types {{ text/html html; }}
        # Through itself: only a proxied body is read to its end before the answer.
        location = /post {{ proxy_pass http://127.0.0.1:{port}/accept; }}
        location = /accept {{ return 204; }}
    }}
"""
_FIRST = """
    upstream inner {{ server 127.0.0.1:{inner}; keepalive 320; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {directory}/user.pem;
        ssl_certificate_key {directory}/user.key;
        location / {{
            proxy_pass https://inner;
            proxy_ssl_certificate {directory}/client.pem;
            proxy_ssl_certificate_key {directory}/client.key;
            proxy_ssl_trusted_certificate {directory}/authority.pem;
            proxy_ssl_verify on;
            proxy_ssl_name connect.appproxy.localhost;
            proxy_ssl_server_name on;
            proxy_ssl_protocols TLSv1.3;
            proxy_ssl_session_reuse on;
        }}
    }}
"""
_SECOND = """
    upstream application {{ server {target}; keepalive 320; keepalive_requests 1000000000; }}
    upstream sink {{ server {sink}; keepalive 320; keepalive_requests 1000000000; }}
    upstream sample {{ server {sample}; keepalive 320; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {directory}/inner.pem;
        ssl_certificate_key {directory}/inner.key;
        ssl_client_certificate {directory}/authority.pem;
        ssl_verify_client on;
        location / {{ proxy_pass http://application; }}
        # What comes closest to translating links: one text for another, everywhere in a page.
        location = /links.html {{
            proxy_pass http://application;
            sub_filter http://{target} https://{host};
            sub_filter_once off;
        }}
        location = /sink {{ proxy_pass http://sink; }}
        location = /events {{ proxy_pass http://sample; }}
        location = /echo {{ proxy_pass http://sample; }}
    }}
    server {{
        listen 127.0.0.1:{status};
        access_log off;
        location / {{ stub_status; }}
    }}
"""


@dataclass(slots=True)
class Reference:
    """The three nginx, started by `start_application` and `start_hops`."""

    directory: Path
    supervisor: Supervisor
    port: int = 0
    application_port: int = 0
    status_port: int = 0

    def start_application(self, bulk: int) -> str:
        """The application of both; `bulk` is the size of its large file in bytes. Gives its URL."""
        files = self.directory / "files"
        files.mkdir()
        for name, size in {**FILES, "bulk": bulk}.items():
            with (files / name).open("wb") as file:
                left = size
                while left:
                    left -= file.write(secrets.token_bytes(min(left, 1 << 20)))
        self.application_port = free_port()
        (files / "links.html").write_bytes(linked_page(f"http://127.0.0.1:{self.application_port}", 32 * 1024))
        self._start("application-nginx", _APPLICATION, port=self.application_port)
        return f"http://127.0.0.1:{self.application_port}"

    def start_hops(self, sink: str, sample: str) -> None:
        """The two hops; `sink` takes large bodies, `sample` is the sample application (host:port)."""
        self._write_certificates()
        inner, self.port, self.status_port = free_port(), free_port(), free_port()
        self._start(
            "inner-nginx", _HOP + _SECOND, port=inner, target=f"127.0.0.1:{self.application_port}", sink=sink, sample=sample,
            status=self.status_port, host=HOST,
        )  # fmt: skip
        self._start("outer-nginx", _HOP + _FIRST, port=self.port, inner=inner)

    def connections_per_request(self, before: tuple[int, int]) -> float:
        """The share of requests since `before` that made a new connection between the hops."""
        connections, requests = self.counters()
        return (connections - before[0]) / max(requests - before[1], 1)

    def counters(self) -> tuple[int, int]:
        """Connections and requests that hop 2 has had."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/", timeout=5) as answer:
            numbers = answer.read().split(b"\n")[2].split()
        return int(numbers[0]), int(numbers[2])

    def _start(self, name: str, body: str, **values: object) -> None:
        text = body.format(directory=self.directory, name=name, **values)
        configuration = self.directory / f"{name}.conf"
        # Started by root, nginx works as another user, who may not read our directory.
        user = "user root;" if os.getuid() == 0 else ""
        configuration.write_text(_COMMON.format(directory=self.directory, name=name, body=text, user=user))
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
        self.supervisor.start(name, [program, "-c", str(configuration), "-p", str(self.directory)])
        _wait_for(int(str(values["port"])))

    def _write_certificates(self) -> None:
        now = time.time()  # noqa: TID251 -- the program's edge
        authority = create_authority("bench", now, serial=secrets.token_bytes(16))
        self._write("authority.pem", authority.certificate)
        for name, host in (("user", HOST), ("inner", "connect.appproxy.localhost")):
            leaf = issue_server(authority, [host], now, 30, secrets.token_bytes(16))
            self._write(f"{name}.pem", leaf.certificate)
            self._write(f"{name}.key", leaf.key)
        key = new_key()
        public = public_key_from_request(certificate_request(key))
        self._write("client.pem", issue_connector(authority, public, "bench", now, 30, secrets.token_bytes(16)))
        self._write("client.key", key)

    def _write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)


def linked_page(origin: str, size: int) -> bytes:
    """A page of about so many bytes with a link to this origin every 200."""
    line = '<li class="item"><a href="%s/pages/%d?x=1">Some words</a> <span>%s</span></li>\n'
    lines, length = ["<!doctype html>\n<title>Links</title>\n<ul>\n"], 0
    while length < size:
        begun = line % (origin, len(lines), "")
        lines.append(line % (origin, len(lines), "x" * (200 - len(begun))))
        length += 200
    return "".join(lines).encode()


def _wait_for(port: int, seconds: float = 10.0) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
