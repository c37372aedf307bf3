"""A load balancer in front of the service that says whose connection, or whose request, it passes on."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from struct import pack

import pytest

from tests.end_to_end.conftest import make_world
from tests.end_to_end.world import DOMAIN, World, until

V1 = b"PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n"
V2 = (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + pack("!H", 12 + 4) + bytes([203, 0, 113, 10, 198, 51, 100, 1])
      + pack("!HH", 1, 443) + b"\x04\x00\x01x")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of this file's own."""
    yield from make_world(tmp_path_factory.mktemp("behind"))


def trust(world: World, networks: str, says: str) -> None:
    """Change service.toml and start the service again."""
    world.supervisor.end("service")
    path = world.state / "service.toml"
    lines = [line for line in path.read_text().splitlines() if "trusted_proxies" not in line]
    path.write_text(f'trusted_proxies = {networks}\ntrusted_proxies_say = "{says}"\n' + "\n".join(lines) + "\n")
    world.start_service()
    until(lambda: any(one["online"] for one in world.admin_json("connector", "list")), "the connector came back")


def ask(world: World, before: bytes = b"", *fields: str) -> dict[str, list[str]] | None:
    """What the application is told when a connection begins with `before`; None: there was no TLS to be had."""
    context = ssl.create_default_context(cafile=str(world.anchor))
    host = f"open.{DOMAIN}"
    with socket.create_connection(("127.0.0.1", world.port), 20) as plain:
        plain.sendall(before)
        try:
            with context.wrap_socket(plain, server_hostname=host) as secure:
                lines = "".join(f"{line}\r\n" for line in fields)
                head = f"GET /headers HTTP/1.1\r\nHost: {host}:{world.port}\r\nConnection: close\r\n{lines}\r\n"
                secure.sendall(head.encode())
                answer = b"".join(iter(lambda: secure.recv(65536), b""))
        except OSError:
            return None
    status, _, rest = answer.partition(b"\r\n")
    assert b"200" in status, answer
    found: dict[str, list[str]] = {}
    for name, value in json.loads(rest.partition(b"\r\n\r\n")[2])["fields"]:
        found.setdefault(name, []).append(value)
    return found


def _curl(world: World, *options: str) -> tuple[str, list[str]]:
    """The version of HTTP that curl has spoken, and the X-Forwarded-For that the application got."""
    url = world.url("open", "/headers")
    command = ["curl", "-s", "--cacert", str(world.anchor), "--http2", "-w", "\n%{http_version}", *options,
               "--resolve", f"open.{DOMAIN}:{world.port}:127.0.0.1", url]
    body, _, version = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.rpartition("\n")
    return version, [value for name, value in json.loads(body)["fields"] if name == "x-forwarded-for"]


def clients(world: World) -> list[str]:
    """The clients in the access log, in their order."""
    return [json.loads(line)["client"] for line in (world.state / "access.log").read_text().splitlines()]


def test_the_proxy_protocol(behind: World) -> None:
    """Application and access log see the client; a connection of the balancer without the header is closed."""
    trust(behind, '["127.0.0.1"]', "proxy-protocol")
    for header, client in ((V1, "203.0.113.9"), (V2, "203.0.113.10"), (b"PROXY UNKNOWN\r\n", "127.0.0.1")):
        seen = ask(behind, header, "X-Forwarded-For: 9.9.9.9", "Forwarded: for=9.9.9.9")
        assert seen is not None
        assert seen["x-forwarded-for"] == [client]
        assert seen["forwarded"][0].startswith(f"for={client}")
        until(lambda client=client: client in clients(behind), "the access log names the client", 10)  # type: ignore[misc]
    assert _curl(behind, "--haproxy-protocol") == ("2", ["127.0.0.1"])
    assert ask(behind) is None
    assert ask(behind, b"PROXY TCP4 evil\r\n") is None
    assert "9.9.9.9" not in clients(behind)


def test_a_field(behind: World) -> None:
    """The rightmost address that is not trusted counts, in the field that is configured and in no other."""
    trust(behind, '["127.0.0.0/8", "10.0.0.0/8"]', "x-forwarded-for")
    seen = ask(behind, b"", "X-Forwarded-For: 9.9.9.9, 203.0.113.9", "X-Forwarded-For: 10.1.1.1", "Forwarded: for=8.8.8.8")
    assert seen is not None
    assert seen["x-forwarded-for"] == ["203.0.113.9"]
    until(lambda: "203.0.113.9" in clients(behind)[-1:], "the access log names the client", 10)
    assert ask(behind, V1) is None


def test_nobody_is_trusted_by_default(behind: World) -> None:
    """Another network's balancer, and a user who plays one: what they say is dropped, a PROXY header is no TLS."""
    trust(behind, '["10.0.0.0/8"]', "x-forwarded-for")
    seen = ask(behind, b"", "X-Forwarded-For: 203.0.113.9")
    assert seen is not None
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    trust(behind, '["10.0.0.0/8"]', "proxy-protocol")
    assert ask(behind, V1) is None
    seen = ask(behind)
    assert seen is not None
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
