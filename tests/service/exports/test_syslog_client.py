"""A batch of syslog messages over one connection."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from OpenSSL import SSL
from OpenSSL.crypto import X509

from appproxy.net.secure.contexts import origin_context
from appproxy.pki.issuing.authority import Credential
from appproxy.service.exports.delivery import DeliveryFailed
from appproxy.service.exports.syslog_client import Line, Secured, connected, send_plain
from tests.pki.chains import CLIENT, SERVER, Made, make

FRAMES = (b"5 <1>1 ", b"3 abc")
AUTHORITY = make("Logs", authority=True)
RECEIVER = make("logs.example.com", AUTHORITY, names=("logs.example.com",), extensions=(SERVER,))

Receive = Callable[[socket.socket], object]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(30)
        yield ours, theirs


def at_the_other_end(receive: Receive, end: socket.socket) -> Thread:
    """What the receiver does, beside us."""
    thread = Thread(target=receive, args=(end,), daemon=True)
    thread.start()
    return thread


def test_all_is_read(pair: tuple[socket.socket, socket.socket]) -> None:
    """It counts as arrived when the receiver has read to the end and closes."""
    got = bytearray()

    def receive(end: socket.socket) -> None:
        while piece := end.recv(4):
            got.extend(piece)
        end.close()

    thread = at_the_other_end(receive, pair[1])
    send_plain(Line(pair[0], lambda: 30.0), FRAMES)
    thread.join()
    assert bytes(got) == b"".join(FRAMES)


def test_one_that_is_killed_with_unread_bytes(pair: tuple[socket.socket, socket.socket]) -> None:
    """Resets the connection: nothing has arrived."""

    def receive(end: socket.socket) -> None:
        end.recv(1)
        end.close()

    at_the_other_end(receive, pair[1])
    with pytest.raises(ConnectionError):
        send_plain(Line(pair[0], lambda: 30.0), FRAMES)


def test_one_that_never_closes(pair: tuple[socket.socket, socket.socket]) -> None:
    """Is waited for as long as there is time, whatever it says."""
    left = iter([30.0, 0.01])
    with pytest.raises(TimeoutError):
        send_plain(Line(pair[0], lambda: next(left, 0.0)), FRAMES)


def test_one_that_drips(pair: tuple[socket.socket, socket.socket]) -> None:
    """Each byte that it says gives it no more time."""
    left = iter([30.0, 30.0, 30.0])
    pair[1].sendall(b"x")
    with pytest.raises(DeliveryFailed, match="too slow"):
        line = Line(pair[0], lambda: next(left, 0.0))
        line.write(b"")
        while line.read():
            pair[1].sendall(b"x")


def test_one_that_talks_without_end(pair: tuple[socket.socket, socket.socket]) -> None:
    """Is no syslog receiver: no more than some kilobytes of it are read."""

    def receive(end: socket.socket) -> None:
        try:
            while True:
                end.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 100)
        except OSError:
            pass

    at_the_other_end(receive, pair[1])
    with pytest.raises(DeliveryFailed, match="it is no syslog"):
        send_plain(Line(pair[0], lambda: 30.0), FRAMES)


class Tls:
    """A receiver over TLS. `farewell`: does it say close_notify? `reset`: does it end with unread bytes?"""

    def __init__(self, *, farewell: bool = True, reset: bool = False, asks: Made | None = None) -> None:
        self.got = bytearray()
        self.client = ""
        self.failed = ""
        self._farewell, self._reset = farewell, reset
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._context.use_certificate(RECEIVER.certificate)
        self._context.use_privatekey(RECEIVER.private)
        if asks is not None:
            known = self._context.get_cert_store()
            assert known is not None
            known.add_cert(X509.from_cryptography(asks.certificate))
            self._context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: bool(_[-1]))

    def __call__(self, end: socket.socket) -> None:
        """The whole conversation."""
        end.settimeout(None)
        tls = SSL.Connection(self._context, end)
        tls.set_accept_state()
        try:
            tls.do_handshake()
            certificate = tls.get_peer_certificate(as_cryptography=True)
            self.client = "" if certificate is None else certificate.subject.rfc4514_string()
            if self._reset:
                tls.recv(len(b"".join(FRAMES)))
                end.recv(1, socket.MSG_PEEK)  # our farewell, the last that we write: it is there, and stays unread
                end.close()
                return
            while True:
                self.got += tls.recv(7)
        except SSL.ZeroReturnError:
            if self._farewell:
                tls.shutdown()
        except SSL.Error as error:
            self.failed = str(error)
        end.close()


def send(pair: tuple[socket.socket, socket.socket], receiver: Tls, times: int = 20_000, **context: object) -> None:
    """To this receiver, believing AUTHORITY."""
    thread = at_the_other_end(receiver, pair[1])
    made = origin_context(str(context.get("host", "logs.example.com")), str(context.get("ca", AUTHORITY.pem)), "", True,
                          context.get("client"))  # type: ignore[arg-type]
    try:
        Secured(Line(pair[0], lambda: 30.0), made).send(FRAMES * times)
    finally:
        pair[0].close()
        thread.join()


@pytest.mark.parametrize("farewell", [True, False])
def test_over_tls(pair: tuple[socket.socket, socket.socket], farewell: bool) -> None:
    """The same; also where the receiver leaves TLS' own farewell out, as rsyslog with GnuTLS does."""
    receiver = Tls(farewell=farewell)
    send(pair, receiver)
    assert bytes(receiver.got) == b"".join(FRAMES * 20_000) and receiver.client == ""


def test_one_that_is_killed_over_tls(pair: tuple[socket.socket, socket.socket]) -> None:
    """Nothing has arrived."""
    with pytest.raises((OSError, DeliveryFailed)):
        send(pair, Tls(reset=True), times=1)


def test_our_certificate(pair: tuple[socket.socket, socket.socket]) -> None:
    """Is shown to a receiver that asks for one."""
    own = make("appproxy.example", AUTHORITY, names=("appproxy.example",), extensions=(CLIENT,))
    receiver = Tls(asks=AUTHORITY)
    send(pair, receiver, client=Credential(own.pem, own.key))
    assert receiver.client == "CN=appproxy.example"


@pytest.mark.parametrize(("host", "authority", "why"), [
    ("other.example.com", AUTHORITY, "not for other.example.com"),
    ("logs.example.com", make("Somebody", authority=True), "its authority is not one that we trust"),
])
def test_a_stranger(pair: tuple[socket.socket, socket.socket], host: str, authority: Made, why: str) -> None:
    """Gets nothing, and the reason is said."""
    receiver = Tls()
    with pytest.raises(DeliveryFailed, match=why):
        send(pair, receiver, host=host, ca=authority.pem)
    assert receiver.got == b""


class Address(socket.socket):
    """Where nothing answers at the address `dead`, and each try takes all the time that it has."""

    now = 0.0
    tried: list[object] = []

    def connect(self, address: object, /) -> None:
        """As the kernel would."""
        Address.tried.append(address)
        if address in {("dead", 1), ("refused", 1)}:
            Address.now += (self.gettimeout() or 0.0) if address == ("dead", 1) else 0.0
            raise TimeoutError("timed out")


@pytest.mark.parametrize(("hosts", "reaches"), [
    (["dead", "good"], "good"), (["dead", "dead", "dead", "good"], "good"), (["refused", "good"], "good"), (["good"], "good"),
    (["dead"], ""), (["dead", "dead"], ""),
])
def test_a_dead_address(hosts: list[str], reaches: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the others, and what is sent then, their share of the time."""
    Address.now, Address.tried = 0.0, []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [
        (socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, 1)) for one in hosts])
    monkeypatch.setattr(socket, "socket", Address)
    if reaches:
        connected("logs", 1, lambda: 20.0 - Address.now).close()
    else:
        with pytest.raises(TimeoutError):
            connected("logs", 1, lambda: 20.0 - Address.now)
    assert Address.tried == [(one, 1) for one in hosts]
    assert 20.0 - Address.now >= 20.0 / (len(hosts) + 1) - 1e-6
