"""Revocation that the service asks for itself: of OpenSSL's own responder (`openssl ocsp`), and of a web server with lists."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.test_devices import BETWEEN, POLICY, ROOT, USES, Device, refused
from tests.end_to_end.world import PASSWORD, World, until
from tests.pki.chains import Made, crl, make
from tests.pki.revocation.test_ocsp import SIGNING


class Responder:
    """`openssl ocsp` with an index of its own. `signer`: who signs; each answer counts for `minutes`."""

    def __init__(self, place: Path, *known: Made, signer: Made = BETWEEN, minutes: int = 1) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._place, self._known, self._signer, self._minutes = place, known, signer, minutes
        for name, text in (("issuer.pem", BETWEEN.pem), ("signer.pem", signer.pem), ("signer.key", signer.key)):
            (place / name).write_text(text)
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, *revoked: Made) -> None:
        """Answer, and say that these are revoked."""
        self.stop()
        lines = []
        for one in self._known:
            ends, number = f"{one.certificate.not_valid_after_utc:%y%m%d%H%M%SZ}", one.certificate.serial_number
            state, when = ("R", f"{datetime.now(UTC):%y%m%d%H%M%SZ}") if one in revoked else ("V", "")
            digits = f"{number:X}"
            lines.append(f"{state}\t{ends}\t{when}\t{digits.zfill(len(digits) + len(digits) % 2)}\tunknown\t/CN=x\n")
        (self._place / "index.txt").write_text("".join(lines))
        log = self._place / "responder.log"
        with log.open("wb") as written:
            self._running = subprocess.Popen(
                ["openssl", "ocsp", "-index", "index.txt", "-CA", "issuer.pem", "-rsigner", "signer.pem",
                 "-rkey", "signer.key", "-port", str(self.port), "-nmin", str(self._minutes)],
                cwd=self._place, stdout=written, stderr=written)
        # To try a connection would hold it up: it serves one after the other.
        until(lambda: "waiting for" in log.read_text(), "openssl ocsp does not listen", 20)

    def stop(self) -> None:
        """Answer nothing any more."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None


class Lists:
    """A web server with one list. `content`: what is there; b"": nothing is."""

    def __init__(self) -> None:
        self.content = b""
        self.asked = 0
        lists = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lists.asked += 1
                self.send_response(200 if lists.content else 404)
                self.send_header("Content-Length", str(len(lists.content)))
                self.end_headers()
                self.wfile.write(lists.content)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/company.crl"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Nobody is there."""
        self._server.shutdown()
        self._server.server_close()


def laptop() -> Made:
    """A certificate of a device."""
    return make("laptop-7", BETWEEN, extensions=USES)


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Path]:
    """An application, a policy and two users; the authority's certificates are in a file."""
    if not any(row["name"] == "devices" for row in world.admin_json("app", "list")):
        world.publish("devices", world.internal)
        for user in ("dora", "dirk"):
            world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
            world.admin("assign", "devices", "--user", user)
    (tmp_path / "authority.pem").write_text(ROOT.pem + BETWEEN.pem)
    (tmp_path / "policy.toml").write_text(POLICY)
    world.admin("policy", "set", str(tmp_path / "policy.toml"))
    yield tmp_path
    world.admin("policy", "remove", "managed devices")
    for row in world.admin_json("device", "authority", "list"):
        world.admin("device", "authority", "remove", row["name"])


def device(world: World, place: Path, name: str, *chain: Made) -> Device:
    """One, with files of its own."""
    (place / name).mkdir()
    return Device(world, place / name, *chain)


@pytest.mark.parametrize("signer", [BETWEEN, make("Responder", BETWEEN, extensions=(SIGNING,))], ids=["issuer", "delegated"])
def test_openssl_says_who_counts(world: World, place: Path, signer: Made) -> None:
    """A good one does; a revoked one is refused. While the responder is away, who is proved goes on, and nobody new comes."""
    good, revoked = laptop(), laptop()
    responder = Responder(place, good, revoked, signer=signer, minutes=60)
    responder.start(revoked)
    try:
        world.admin("device", "authority", "add", "company", "--certificate", str(place / "authority.pem"),
                    "--ocsp", responder.url)
        url = world.url("devices")
        dora = device(world, place, "good", good, BETWEEN)
        dirk = device(world, place, "revoked", revoked, BETWEEN)
        assert dora.sign_in(url, "dora").status == 200
        assert "as the responder of its authority says" in refused(dirk.sign_in(url, "dirk"))
        responder.stop()
        assert dora.get(url).status == 200
        other = device(world, place, "other", laptop(), BETWEEN)
        assert "nothing listens there" in refused(other.sign_in(url, "dirk"))
        [shown] = [row for row in world.admin_json("device", "authority", "list") if row["name"] == "company"]
        assert shown["ocsp_waiting"] == 1 and "nothing listens there" in shown["ocsp_problem"]
        world.admin("device", "authority", "set", "company", "--ocsp-soft")
        until(lambda: other.navigate(url).status == 200, "a soft setting lets nobody in", 20)
    finally:
        responder.stop()


def test_a_signer_that_the_issuer_has_not_chosen(world: World, place: Path) -> None:
    """OpenSSL signs with whatever it is given; the answer is not believed, and its holder stays outside."""
    good, stranger = laptop(), make("Responder", ROOT, extensions=(SIGNING,))
    responder = Responder(place, good, signer=stranger)
    responder.start()
    try:
        world.admin("device", "authority", "add", "company", "--certificate", str(place / "authority.pem"),
                    "--ocsp", responder.url)
        dora = device(world, place, "good", good, BETWEEN)
        assert "neither the issuer has signed" in refused(dora.sign_in(world.url("devices"), "dora"))
    finally:
        responder.stop()


def test_what_openssl_says_later_ends_what_is_under_way(world: World, place: Path) -> None:
    """The answer is asked for again at half of its time: streams end, and the next request reads why."""
    good = laptop()
    responder = Responder(place, good, minutes=2)
    responder.start()
    try:
        world.admin("device", "authority", "add", "company", "--certificate", str(place / "authority.pem"),
                    "--ocsp", responder.url)
        url = world.url("devices")
        dora = device(world, place, "good", good, BETWEEN)
        assert dora.sign_in(url, "dora").status == 200
        stream = open_stream(world, dora, url)
        responder.start(good)
        assert ended([stream], 100.0) == 1
        assert "is revoked" in refused(dora.navigate(url))
        stream.close()
    finally:
        responder.stop()


def test_lists_come_by_themselves(world: World, place: Path) -> None:
    """Before the first one nobody counts; then who is in none does. To say the URL again fetches it at once."""
    lost, lists = laptop(), Lists()
    der = x509.load_pem_x509_crl(crl(BETWEEN, number=1).encode()).public_bytes(Encoding.DER)
    try:
        world.admin("device", "authority", "add", "company", "--certificate", str(place / "authority.pem"),
                    "--crl-url", lists.url)
        url = world.url("devices")
        dora = device(world, place, "lost", lost)
        assert "is not there" in refused(dora.sign_in(url, "dora"))
        until(lambda: "the answer is 404" in str(_shown(world)["crl_problem"]), "nothing was fetched", 30)
        lists.content = der
        world.admin("device", "authority", "set", "company", "--crl-url", lists.url)
        until(lambda: bool(_shown(world)["crl_until"]), "no list has come", 30)
        until(lambda: dora.navigate(url).status == 200, "the device does not count", 20)
        lists.content = crl(BETWEEN, lost, number=2).encode()
        stream = open_stream(world, dora, url)
        world.admin("device", "authority", "set", "company", "--crl-url", lists.url)
        assert ended([stream], 30.0) == 1
        assert "CN=laptop-7 is revoked" in refused(dora.navigate(url))
        stream.close()
    finally:
        lists.stop()


def _shown(world: World) -> dict[str, object]:
    [found] = world.admin_json("device", "authority", "list")
    return dict(found)
