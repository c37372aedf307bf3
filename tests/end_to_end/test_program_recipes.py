"""Programs by the recipes of docs/recipes.md: a gRPC client with a token, and the way of an MCP client to its server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import grpc
import pytest

from tests.end_to_end.native import Native, answer_consent
from tests.end_to_end.test_grpc import Talk, talk
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World

__all__ = ["talk"]

_UNARY = "/sample.Talk/Unary"


def dial(world: World, name: str, token: str) -> grpc.Channel:
    """As the recipe does it: a channel whose calls bring the token, which gRPC lets nobody send without TLS."""
    options = (("grpc.ssl_target_name_override", f"{name}.{DOMAIN}"),
               ("grpc.default_authority", f"{name}.{DOMAIN}:{world.port}"))
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(world.anchor.read_bytes()), grpc.access_token_call_credentials(token))
    return grpc.secure_channel(f"127.0.0.1:{world.port}", credentials, options)


def test_grpc_with_a_token(world: World, talk: tuple[Talk, int]) -> None:
    """Its calls reach the server as that program's, without the token; a revoked one, and none, are UNAUTHENTICATED."""
    world.publish("talk", f"http://127.0.0.1:{talk[1]}/", "--set", "bearer=service-token", "--set", "protocol=h2",
                  "--set", "header.x-user-name=name")
    token = world.admin("token", "add", "robot", "--app", "talk").strip()
    with dial(world, "talk", token) as channel:
        assert channel.unary_unary(_UNARY)(b"hello", timeout=60) == b"HELLO"
        assert talk[0].metadata["x-user-name"] == "robot" and "authorization" not in talk[0].metadata
        assert list(channel.unary_stream("/sample.Talk/ServerStream")(b"50", timeout=60)) == [b"%d" % n for n in range(50)]
    talk[0].metadata = {}
    world.admin("token", "add", "elsewhere", "--app", "sample")
    other = world.admin("token", "rotate", "elsewhere").strip()
    world.admin("token", "revoke", "robot")
    for wrong, code in ((token, grpc.StatusCode.UNAUTHENTICATED), ("none", grpc.StatusCode.UNAUTHENTICATED),
                        (other, grpc.StatusCode.PERMISSION_DENIED)):
        with dial(world, "talk", wrong) as channel, pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(_UNARY)(b"hello", timeout=60)
        assert refused.value.code() is code
    assert talk[0].metadata == {}


class Notes(BaseHTTPRequestHandler):
    """An MCP server of one tool, as small as the streamable transport lets it be; it asks nobody who they are."""

    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(self.headers.get("X-User-Name", "") + self.headers.get("Authorization", ""))
        results: dict[str, Any] = {
            "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                           "serverInfo": {"name": "notes", "version": "1"}},
            "tools/call": {"content": [{"type": "text", "text": "noted"}]},
        }
        event = json.dumps({"jsonrpc": "2.0", "id": said["id"], "result": results[said["method"]]})
        body = f"event: message\ndata: {event}\n\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def notes() -> Iterator[str]:
    """Its internal URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(client: Native, url: str, method: str, token: str = "") -> tuple[int, str, dict[str, str]]:
    """A call of JSON-RPC, as MCP clients post it."""
    said = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {}}
    more = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    return client.post(url, json.dumps(said).encode(), {**more, **({"Authorization": f"Bearer {token}"} if token else {})})


def test_an_mcp_client_finds_its_way(world: World, notes: str) -> None:
    """From the 401 of an MCP server to its authorization server, its user's word, and back: nothing but the URL and its
    client id is known before. The steps are those of the client in the Python package mcp.
    """
    world.publish("notes", notes, "--set", "bearer=provider", "--set", "header.x-user-name=name")
    world.admin("assign", "notes", "--user", "alice")
    id_ = world.admin("native-client", "add", "MCP client", "--app", "notes", "--redirect-uri", "http://localhost/callback").strip()
    client, url = Native(id_, "", world.anchor), world.url("notes", "/mcp")
    status, _, fields = ask(client, url, "initialize")
    named = re.search('resource_metadata="([^"]+)"', fields["www-authenticate"])
    assert status == 401 and named is not None
    status, resource, _ = client.call(named[1])
    assert status == 200 and url.startswith(resource["resource"])
    [client.issuer] = resource["authorization_servers"]
    assert client.metadata()["issuer"] == client.issuer
    verifier, state, redirect = secrets.token_urlsafe(96), secrets.token_urlsafe(32), "http://localhost:39998/callback"
    alice = Visitor(world.port, world.anchor)
    page = alice.sign_in(client.metadata()["authorization_endpoint"] + "?" + urlencode({
        "response_type": "code", "client_id": id_, "redirect_uri": redirect, "state": state, "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "resource": resource["resource"], "scope": " ".join(client.metadata()["scopes_supported"]), "prompt": "consent",
    }), "alice")
    back = dict(one.split("=", 1) for one in urlsplit(
        answer_consent(alice, page).headers["Refresh"].partition("url=")[2]).query.split("&"))
    assert back["state"] == state
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": redirect, "code_verifier": verifier}
    status, tokens = client.token(**form, resource=resource["resource"])
    assert status == 200, tokens
    Notes.seen.clear()
    for method, found in (("initialize", "serverInfo"), ("tools/call", "noted")):
        status, text, fields = ask(client, url, method, tokens["access_token"])
        assert (status, fields["content-type"]) == (200, "text/event-stream") and found in text
    assert Notes.seen == ["Alice", "Alice"]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    status, renewed = client.token(**form, resource=resource["resource"])
    assert status == 200 and ask(client, url, "tools/call", renewed["access_token"])[0] == 200
