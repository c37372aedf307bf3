"""Applications that speak HTTP/2: nginx over TLS with a client certificate and without TLS, and a gRPC service."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent import futures

import grpc
import pytest

from appproxy.config import ConnectorPaths
from appproxy.pki.issuing.authority import create_authority, issue_connector, issue_server
from appproxy.pki.issuing.request import certificate_request, new_key, public_key_from_request
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, until

MIB = 1024 * 1024
#: Both listeners speak HTTP/2 alone or, with TLS, by ALPN; behind them is the sample application.
NGINX = """
worker_processes 1;
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {directory}/nginx-access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 0;
    proxy_request_buffering off;
    proxy_http_version 1.1;
    add_header x-spoken $server_protocol;
    add_header x-shown $ssl_client_s_dn;
    server {{
        listen 127.0.0.1:{plain} http2;
        keepalive_requests 20;
        location / {{ proxy_pass {sample}; }}
    }}
    server {{
        listen 127.0.0.1:{few} http2;
        location / {{ proxy_pass {sample}; }}
        location /hang {{ proxy_pass http://127.0.0.1:{silent}; }}
    }}
    server {{
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {directory}/nginx.pem;
        ssl_certificate_key {directory}/nginx.key;
        ssl_client_certificate {directory}/authority.pem;
        ssl_verify_client optional;
        location / {{ proxy_pass {sample}; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def nginx(world: World) -> Iterator[World]:
    """The applications `plain`, `tls` and `few`, which lead to the sample application through nginx.

    `few` may have one connection, and does not answer below /hang.
    """
    directory = world.directory / "nginx"
    directory.mkdir()
    now = time.time()  # noqa: TID251 -- certificates are dated
    authority = create_authority("applications", now, serial=secrets.token_bytes(16))
    server = issue_server(authority, ["nginx.internal"], now, 30, secrets.token_bytes(16))
    key = new_key()
    public = public_key_from_request(certificate_request(key))
    client = issue_connector(authority, public, "c0ffee00c0ffee00", now, 30, secrets.token_bytes(16))
    for name, text in (("authority.pem", authority.certificate), ("nginx.pem", server.certificate), ("nginx.key", server.key)):
        (directory / name).write_text(text)
    kept = ConnectorPaths(world.directory / "connector").client_certificates
    kept.mkdir(mode=0o700)
    (kept / "nginx.pem").touch(mode=0o600)
    (kept / "nginx.pem").write_text(client + key)
    plain, tls, few = free_port(), free_port(), free_port()
    silent = socket.create_server(("127.0.0.1", 0), backlog=512)  # what connects is accepted by the kernel, and by nobody else
    user = "user root;" if os.getuid() == 0 else ""
    (directory / "nginx.conf").write_text(NGINX.format(
        directory=directory, plain=plain, tls=tls, few=few, silent=silent.getsockname()[1], user=user,
        sample=world.internal.rstrip("/")))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
    world.supervisor.start("nginx", [program, "-c", str(directory / "nginx.conf"), "-p", str(directory)])
    world.publish("plain", f"http://127.0.0.1:{plain}", "--preauth", "passthrough", "--set", "protocol=h2")
    world.publish("tls", f"https://127.0.0.1:{tls}", "--preauth", "passthrough", "--set", "protocol=h2")
    world.publish("few", f"http://127.0.0.1:{few}", "--preauth", "passthrough", "--set", "protocol=h2",
                  "--set", "max_connections=1")
    world.admin("app", "set", "tls", f"ca_bundle=@{directory / 'authority.pem'}", "server_name=nginx.internal",
                "client_certificate=nginx")
    visitor = Visitor(world.port, world.anchor)
    until(lambda: visitor.get(world.url("plain", "/")).status == 200, "nginx did not come up")
    until(lambda: visitor.get(world.url("tls", "/")).status == 200, "the connector was not told of the certificates", 10)
    yield world
    for name in ("plain", "tls", "few"):
        world.admin("app", "remove", name)
    world.supervisor.end("nginx")
    silent.close()


@pytest.mark.parametrize("name", ["plain", "tls"])
def test_http2_is_spoken(nginx: World, visitor: Visitor, name: str) -> None:
    """As nginx sees it."""
    answer = visitor.get(nginx.url(name, "/"))
    assert (answer.status, answer.headers["x-spoken"]) == (200, "HTTP/2.0")


def test_one_user_cannot_hold_all_streams(nginx: World, visitor: Visitor) -> None:
    """120 requests without an end, on the one connection that there may be: another user's are answered at once."""
    context = ssl.create_default_context(cafile=str(nginx.anchor))
    context.set_alpn_protocols(["h2"])
    host = f"few.{DOMAIN}"
    assert visitor.get(nginx.url("few", "/")).status == 200
    attackers = []
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", nginx.port), 20, ("127.0.0.66", 0))
        attackers.append(H2User.over(context.wrap_socket(plain, server_hostname=host), f"{host}:{nginx.port}"))
    try:
        for user in attackers:
            for _ in range(60):
                user.ask("/hang")
        time.sleep(1)
        took = []
        for _ in range(5):
            began = time.monotonic()
            assert visitor.get(nginx.url("few", "/")).status == 200
            took.append(time.monotonic() - began)
    finally:
        for user in attackers:
            user.close()
    print(f"few: {took}")
    assert max(took) < 2.0


def test_the_client_certificate_is_shown(nginx: World, visitor: Visitor) -> None:
    """It has no name but an id, and was verified by nginx, which tells only of those."""
    answer = visitor.get(nginx.url("tls", "/"))
    assert answer.status == 200
    nginx.admin("app", "set", "tls", "client_certificate=missing")
    try:
        until(lambda: visitor.get(nginx.url("tls", "/")).status == 502, "the certificate was not asked for")
    finally:
        nginx.admin("app", "set", "tls", "client_certificate=nginx")
    until(lambda: visitor.get(nginx.url("tls", "/")).status == 200, "the certificate was not taken up")


@pytest.mark.parametrize("name", ["plain", "tls"])
def test_bodies_arrive_whole(nginx: World, visitor: Visitor, name: str) -> None:
    """32 MiB down and 8 MiB up, with their SHA-256."""
    known = visitor.get(nginx.url(name, "/download/32/sha256")).text.strip()
    answer = visitor.get(nginx.url(name, "/download/32"))
    assert hashlib.sha256(answer.body).hexdigest() == known
    body = secrets.token_bytes(8 * MIB)
    for sent, headers in ((body, {}), ([body[:MIB], body[MIB:]], {"Transfer-Encoding": "chunked"})):
        answer = visitor.request("PUT", nginx.url(name, "/upload"), headers, sent)
        assert json.loads(answer.text) == {"size": 8 * MIB, "sha256": hashlib.sha256(body).hexdigest()}


def test_connections_that_end_lose_no_request(nginx: World) -> None:
    """nginx says GOAWAY after 20 requests; 400 from eight users at a time are all answered, also those that cannot be
    repeated.
    """

    def visit(number: int) -> list[str]:
        mine = Visitor(nginx.port, nginx.anchor)
        answers = [mine.request("POST", nginx.url("plain", "/upload"), {}, b"x" * number) for _ in range(50)]
        return [f"{answer.status} {answer.headers['Proxy-Status']}" for answer in answers if answer.status != 200]

    with futures.ThreadPoolExecutor(8) as pool:
        assert [failed for failures in pool.map(visit, range(8)) for failed in failures] == []


def test_a_websocket_is_refused_clearly(nginx: World, visitor: Visitor) -> None:
    """nginx takes none over HTTP/2."""
    answer = visitor.request("GET", nginx.url("plain", "/echo"), {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": nginx.url("plain").rstrip("/")})
    assert answer.status == 502
    assert "http_upgrade_failed" in answer.headers["Proxy-Status"]


class Greeter(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio has no annotations
    """One method of each kind; messages are plain bytes."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Called by grpcio."""
        return {
            "/test.Greeter/Unary": grpc.unary_unary_rpc_method_handler(lambda message, context: b"hello " + message),
            "/test.Greeter/Server": grpc.unary_stream_rpc_method_handler(self.count),
            "/test.Greeter/Client": grpc.stream_unary_rpc_method_handler(lambda messages, context: b"+".join(messages)),
            "/test.Greeter/Both": grpc.stream_stream_rpc_method_handler(self.echo),
            "/test.Greeter/Fails": grpc.unary_unary_rpc_method_handler(self.fail),
        }.get(details.method)

    def count(self, message: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        """As many messages as asked for."""
        for number in range(int(message)):
            yield b"%d" % number

    def echo(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """It speaks first, then answers each message."""
        yield b"first"
        for message in messages:
            yield message.upper()

    def fail(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        """Ends with a status of its own."""
        context.abort(grpc.StatusCode.NOT_FOUND, "no such person")
        raise AssertionError


@pytest.fixture(scope="module")
def channel(world: World) -> Iterator[grpc.Channel]:
    """To the gRPC service `greeter`, by way of its public address."""
    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[Greeter()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    world.publish("greeter", f"http://127.0.0.1:{port}", "--preauth", "passthrough", "--set", "protocol=h2")
    host = f"greeter.{DOMAIN}"
    credentials = grpc.ssl_channel_credentials(world.anchor.read_bytes())
    options = [("grpc.ssl_target_name_override", host), ("grpc.default_authority", f"{host}:{world.port}"),
               ("grpc.enable_http_proxy", 0)]
    with grpc.secure_channel(f"127.0.0.1:{world.port}", credentials, options) as opened:
        call = opened.unary_unary("/test.Greeter/Unary")

        def answers() -> bool:
            try:
                return bool(call(b"you", timeout=5) == b"hello you")
            except grpc.RpcError:
                return False

        until(answers, "the gRPC service did not answer")
        yield opened
    server.stop(0)
    world.admin("app", "remove", "greeter")


def test_grpc_unary(channel: grpc.Channel) -> None:
    """Fifty at a time."""
    call = channel.unary_unary("/test.Greeter/Unary")
    pending = [call.future(b"%d" % number, timeout=20) for number in range(50)]
    assert [each.result() for each in pending] == [b"hello %d" % number for number in range(50)]


def test_grpc_server_stream(channel: grpc.Channel) -> None:
    """A thousand messages for one."""
    call = channel.unary_stream("/test.Greeter/Server")
    assert list(call(b"1000", timeout=20)) == [b"%d" % number for number in range(1000)]


def test_grpc_client_stream(channel: grpc.Channel) -> None:
    """One message for a thousand."""
    call = channel.stream_unary("/test.Greeter/Client")
    messages = [b"%d" % number for number in range(1000)]
    assert call(iter(messages), timeout=20) == b"+".join(messages)


def test_grpc_both_ways(channel: grpc.Channel) -> None:
    """A talk: the service speaks before the client has sent anything, and each waits for the other's word."""
    spoken: list[bytes] = []

    def talk() -> Iterator[bytes]:
        for turn in range(20):
            until(lambda turn=turn: len(spoken) > turn, "the service fell silent")  # type: ignore[misc]
            yield b"word %d" % turn

    for message in channel.stream_stream("/test.Greeter/Both")(talk(), timeout=30):
        spoken.append(message)
    assert spoken == [b"first", *(b"WORD %d" % turn for turn in range(20))]


def test_grpc_status(channel: grpc.Channel) -> None:
    """The application's own status and its text arrive: in trailers without a body."""
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/test.Greeter/Fails")(b"", timeout=20)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.NOT_FOUND, "no such person")


def test_grpc_large_messages(channel: grpc.Channel) -> None:
    """Three MiB each way, in one message: more than any window."""
    message = secrets.token_bytes(3 * MIB)
    assert channel.unary_unary("/test.Greeter/Unary")(message, timeout=30) == b"hello " + message
