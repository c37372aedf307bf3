"""Certificates are changed while users are using the service."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from appproxy.admin.transport.client import AdminClient
from appproxy.twistd.assembly.passwords import admit_password
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.world import until
from tests.pki.chains import DAY, NOW, Made, leaf, make


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is changed."""
    return shared_system(request, tmp_path_factory)


def shown(port: int, host: str) -> bytes:
    """The certificate (DER) that a browser sees who asks for this host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        found = tls.getpeercert(True)
        assert found is not None
        return found


def pair(directory: Path, made: Made, authority: Made) -> list[str]:
    """The options of the commands."""
    for name, text in (("chain", made.pem), ("key", made.key), ("root", authority.pem)):
        (directory / f"{name}.pem").write_text(text)
    return [f"--{option}={directory}/{name}.pem" for option, name in
            (("certificate", "chain"), ("key", "key"), ("authority", "root"))]


def test_changed_under_load(system: System, tmp_path: Path) -> None:
    """Added, renewed 20 times and removed: each is shown within a second, and no request of anybody fails."""
    authority = make("Own Root", authority=True, ends=NOW + 900 * DAY)
    host = system.host("raw").rpartition(":")[0]
    default = shown(system.port, host)
    with Load(system) as load:
        load.more(20)
        for turn in range(21):
            made = leaf(host, issuer=authority)
            if turn < 2:
                command = ["renew", "raw"] if turn else ["add", "--name", "raw"]
                system.admin("certificate", *command, *pair(tmp_path, made, authority))
            else:
                body = {"certificate": made.pem, "key": made.key, "authority": authority.pem}
                AdminClient(system.state, admit_password).call("PUT", "/certificates/raw", body)
            began = usual_seconds()
            wanted = ssl.PEM_cert_to_DER_cert(made.pem)
            until(lambda wanted=wanted: shown(system.port, host) == wanted, "the new certificate", 10)  # type: ignore[misc]
            assert usual_seconds() - began < PROMPT
            assert shown(system.port, "elsewhere.example.net") == default
        system.admin("certificate", "remove", "raw")
        until(lambda: shown(system.port, host) == default, "the default certificate", PROMPT)
        load.more(20)
    assert load.faults == []
