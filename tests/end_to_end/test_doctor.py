"""The doctors at both ends, with a service whose certificate is of a private authority and applications that are ill."""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from appproxy.demo.supervisor import Supervisor
from appproxy.pki import Credential, create_authority, issue_server
from tests.end_to_end.ports import free_port
from tests.end_to_end.world import DOMAIN, PATIENCE, World, appproxy, environment, until

#: OpenSSL in the programs judges certificates by the real clock.
NOW = time.time()  # noqa: TID251 -- as above


class Hello(BaseHTTPRequestHandler):
    """An application."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: Any) -> None: ...


def served(context: ssl.SSLContext | None = None) -> int:
    """The port of a new application, with TLS or without."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def write(directory: Path, name: str, made: Credential) -> tuple[Path, Path]:
    """Chain and key as files."""
    chain, key = directory / f"{name}.pem", directory / f"{name}.key"
    chain.write_text(made.certificate)
    key.write_text(made.key)
    return chain, key


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One application that is well, and one of each kind that is not."""
    directory = tmp_path_factory.mktemp("ill")
    authority = create_authority("Example Works CA", NOW, serial=os.urandom(16), names=[])
    leaf = issue_server(authority, [DOMAIN, f"*.{DOMAIN}"], NOW, 90, os.urandom(16))
    chain, key = write(directory, "users", leaf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        tunnel = f"127.0.0.1:{world.tunnel_port}"
        made = appproxy("init", "--state", str(world.state), "--domain", DOMAIN, "--listen", f"127.0.0.1:{world.port}",
                        "--tunnel-listen", tunnel, "--tunnel-address", tunnel, "--certificate", str(chain), "--key", str(key))
        assert made.code == 0, made.err
        plain, secure = served(), served(context)
        world.publish("well", f"http://127.0.0.1:{plain}/", "--everyone")
        world.publish("down", f"http://127.0.0.1:{free_port()}/", "--everyone")
        world.publish("no-tls", f"https://127.0.0.1:{plain}/", "--everyone")
        world.publish("tls", f"http://127.0.0.1:{secure}/", "--everyone")
        world.admin("connector-group", "add", "remote")
        world.publish("far", "http://127.0.0.1:9/", "--everyone", "--connector-group", "remote")
        world.start_service()
        world.join("connector")
        world.start_connector("connector")
        yield world


def findings(state: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code, and what was found by step."""
    ended = appproxy("doctor", "--state", str(state), "--json")
    return ended.code, {one["step"]: one for one in json.loads(ended.out)}


def test_the_service_s_doctor(ill: World) -> None:
    """A private authority is no fault; what is down is named one by one, with the reason."""
    until(lambda: findings(ill.state)[1]["applications"]["detail"].startswith("1 of 4 answer"), "not all were asked")
    code, found = findings(ill.state)
    assert code == 1
    listener = found["users' listener"]
    assert listener["health"] == "warning"
    assert "Example Works CA" in listener["detail"] and "clients need this authority" in listener["hint"]
    assert found["connectors of applications"]["detail"] == "far: no connector in group remote"
    assert found["certificates of hosts"]["health"] == "good"
    assert "application well" not in found and "application far" not in found
    assert found["application down"]["detail"].startswith("ORIGIN_REFUSED http://127.0.0.1:")
    assert "set internal=http://127.0.0.1:" in found["application no-tls"]["detail"]
    assert "set internal=https://127.0.0.1:" in found["application tls"]["detail"]


def test_the_connector_s_doctor(ill: World) -> None:
    """It names application and port, and the command that sets the scheme right."""
    code, found = findings(ill.directory / "connector")
    assert code == 1
    by_name = {step.split()[1]: one for step, one in found.items() if step.startswith("application ")}
    assert set(by_name) == {"well", "down", "no-tls", "tls"}
    assert by_name["well"]["health"] == "good"
    assert "Connection refused" in by_name["down"]["detail"]
    assert "appproxy app set no-tls internal=http://127.0.0.1:" in by_name["no-tls"]["hint"]
    assert "appproxy app set tls internal=https://127.0.0.1:" in by_name["tls"]["hint"]


def test_both_halves_in_one_report(ill: World) -> None:
    """The connector walks on its machine, and what it finds is what its own doctor says; the audit has who asked for it."""
    ended = appproxy("doctor", "--state", str(ill.state), "--connector", "connector", "--json")
    found = {one["step"]: one for one in json.loads(ended.out)}
    assert ended.code == 1 and found["connector connector"]["health"] == "good", ended.out
    _, own = findings(ill.directory / "connector")
    assert {f"connector connector: {step}" for step in own} <= set(found)
    down = next(one for step, one in found.items() if step.startswith("connector connector: application down "))
    assert down["health"] == "broken" and "Connection refused" in down["detail"] and down["hint"]
    assert found["application down"]["health"] == "broken"
    noted = ill.admin_json("audit", "--action", "connector.examine")
    assert noted and noted[0]["detail"]["broken"] >= 2


def test_a_connector_that_is_not_there_is_a_finding(ill: World) -> None:
    """And the rest of the report is there; at a connector's directory the option makes no sense."""
    ill.join("never-started")
    ended = appproxy("doctor", "--state", str(ill.state), "--connector", "never-started", "--json")
    found = {one["step"]: one for one in json.loads(ended.out)}
    assert "is not connected to this node" in found["connector never-started"]["detail"]
    assert appproxy("doctor", "--state", str(ill.directory / "connector"), "--connector", "x").code == 2
    ill.admin("connector", "remove", "never-started")


def test_the_connector_s_log(ill: World) -> None:
    """What the doctor's requests met is in it, by name, once."""
    findings(ill.state)
    log = ill.supervisor.find("connector").output()
    assert log.count("down does not answer: ORIGIN_REFUSED, http://127.0.0.1:") == 1


def test_a_certificate_for_other_names_is_a_fault(ill: World) -> None:
    """The authority alone being unknown is a warning; a wrong name is none."""
    other = create_authority("Other CA", NOW, serial=os.urandom(16), names=[])
    write(ill.directory, "users", issue_server(other, ["elsewhere.example"], NOW, 90, os.urandom(16)))
    until(lambda: findings(ill.state)[1]["users' listener"]["health"] == "broken", "the files were not read again", PATIENCE)
    _, found = findings(ill.state)
    assert found["certificates of hosts"]["health"] == "broken"
