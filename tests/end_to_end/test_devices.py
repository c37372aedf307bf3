"""Devices before real users: a certificate is asked for at one host alone, proves the device, and ends with its revocation."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509

from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.visitor import Answer, Socket, Visitor
from tests.end_to_end.world import DOMAIN, PASSWORD, World, until
from tests.pki.chains import CLIENT, DAY, NOW, Made, crl, make, usage

USERS = ("dora", "dirk")
DEVICE_HOST = f"device.{DOMAIN}"
POLICY = """
name = "managed devices"
state = "on"
message = "Use a laptop of the company."
[users]
include = ["all"]
[applications]
include = ["devices"]
[grant]
require = ["device"]
"""
ROOT = make("Company Devices", authority=True, ends=NOW + 900 * DAY)
BETWEEN = make("Company Device Issuer", ROOT, authority=True, ends=NOW + 900 * DAY)
USES: tuple[x509.ExtensionType, ...] = (CLIENT, usage(True, False))


def laptop(issuer: Made = BETWEEN) -> Made:
    """A certificate of a device."""
    return make("laptop-7", issuer, extensions=USES)


class Device(Visitor):
    """A visitor who has a certificate, and shows it to whom asks. `asked`: at which hosts that was."""

    def __init__(self, world: World, place: Path, *chain: Made, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        super().__init__(world.port, world.anchor)
        self._context.maximum_version = newest
        if chain:
            file = place / "device.pem"
            file.write_text(chain[0].key + "".join(one.pem for one in chain))
            self._context.load_cert_chain(str(file))

    def other_host(self, made_for: str, host: str, path: str = "/") -> int:
        """The status of a request for a host on a connection that was made for another one."""
        connection = http.client.HTTPConnection(made_for, self.port, timeout=60.0)
        connection.sock = self.connect(made_for)
        try:
            connection.request("GET", path, headers={"Host": f"{host}:{self.port}", **self.cookie_field(host)})
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Path]:
    """An application, an authority and a policy; and a directory for files."""
    if not any(row["name"] == "devices" for row in world.admin_json("app", "list")):
        world.publish("devices", world.internal)
        for user in USERS:
            world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
            world.admin("assign", "devices", "--user", user)
    authority, policy = tmp_path / "authority.pem", tmp_path / "policy.toml"
    authority.write_text(ROOT.pem + BETWEEN.pem)
    policy.write_text(POLICY)
    world.admin("device", "authority", "add", "company", "--certificate", str(authority))
    world.admin("policy", "set", str(policy))
    yield tmp_path
    world.admin("policy", "remove", "managed devices")
    for row in world.admin_json("device", "authority", "list"):
        world.admin("device", "authority", "remove", row["name"])


def refused(page: Answer) -> str:
    """The page of who has proved nothing, in the admin's words."""
    assert page.status == 403, page.text
    assert "Use a laptop of the company." in page.text
    return page.text


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_a_device_is_proved(world: World, place: Path, newest: ssl.TLSVersion) -> None:
    """By one redirect more at the sign-in, and back to the same URL; the audit says which it was."""
    url = world.url("devices", "/headers?a=1")
    device = Device(world, place, laptop(), BETWEEN, newest=newest)
    page = device.sign_in(url, "dora")
    assert (page.status, page.url) == (200, url)
    assert device.get(url).status == 200

    def noted() -> bool:
        rows = world.admin_json("audit", "--limit", "20")
        return any(row["action"] == "device.proved" and row["detail"]["device"] == "CN=laptop-7" for row in rows)

    until(noted, "not in the audit", 20)


def test_who_has_none_reads_what_is_missing(world: World, place: Path) -> None:
    """Also who has a wrong one; nobody is sent round, and a program gets 401."""
    url = world.url("devices")
    assert "has shown no certificate" in refused(Device(world, place).sign_in(url, "dora"))
    other = make("Another Root", authority=True)
    stranger = Device(world, place, laptop(other))
    assert "No authority that was named vouches" in refused(stranger.sign_in(url, "dora"))
    assert stranger.get(url).status == 401


def test_who_is_signed_in_proves_it_later(world: World, place: Path) -> None:
    """Without a password, for the provider knows the user; and back to the same URL."""
    world.admin("policy", "remove", "managed devices")
    device = Device(world, place, laptop())
    url = world.url("devices", "/headers")
    assert device.sign_in(url, "dirk").status == 200
    world.admin("policy", "set", str(place / "policy.toml"))
    assert device.get(url).status == 401
    assert device.navigate(url).status == 200


def test_certificates_are_asked_for_at_one_host_alone(world: World, place: Path) -> None:
    """Requests for it come on its own connections, and no others do."""
    device = Device(world, place, laptop())
    assert device.sign_in(world.url("devices"), "dora").status == 200
    host = f"devices.{DOMAIN}"
    assert device.other_host(host, DEVICE_HOST, "/prove") == 421
    assert device.other_host(DEVICE_HOST, host) == 421
    assert device.other_host(host, host) == 200
    for asked, wanted in ((host, False), (f"signin.{DOMAIN}", False), (DEVICE_HOST, True)):
        assert _asks(world, asked) is wanted, asked


def _asks(world: World, host: str) -> bool:
    """Does the server ask for a certificate? Its message is in the clear in TLS 1.2, and names the authorities."""
    context = ssl.create_default_context(cafile=str(world.anchor))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=host)
    with socket.create_connection(("127.0.0.1", world.port), 60.0) as plain:
        with suppress(ssl.SSLWantReadError):
            connection.do_handshake()
        plain.sendall(outgoing.read())
        seen = b""
        while b"\x0e\x00\x00\x00" not in seen:  # ServerHelloDone
            data = plain.recv(65536)
            assert data, seen
            seen += data
    return b"Company Devices" in seen


def test_a_revocation_ends_what_is_under_way(world: World, place: Path) -> None:
    """Streams and WebSockets end within a second, and the next request asks again; another device goes on."""
    url = world.url("devices")
    lost, kept = laptop(), laptop()
    (place / "kept").mkdir()
    dora, dirk = Device(world, place, lost), Device(world, place / "kept", kept)
    assert dora.sign_in(url, "dora").url == dirk.sign_in(url, "dirk").url == url
    stream, other = open_stream(world, dora, url), open_stream(world, dirk, url)
    echo = Socket(dora, world.url("devices", "/echo"))
    lists = place / "list.pem"
    lists.write_text(crl(ROOT) + crl(BETWEEN, lost))
    told = world.admin("device", "authority", "set", "company", "--crl", str(lists))
    assert told.startswith("1 certificates of company are known to be revoked")
    assert ended([stream], 2.0) == 1
    assert echo.ends(2.0)
    assert ended([other], 1.0) == 0
    assert dirk.get(url).status == 200
    assert "CN=laptop-7 is revoked" in refused(dora.navigate(url))
    world.admin("device", "authority", "remove", "company")
    assert ended([other], 2.0) == 1
    for one in (stream, other):
        one.close()
