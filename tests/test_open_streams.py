"""How tests from end to end see that a stream has ended."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.end_to_end.open_streams import ended
from tests.pki.authorities import SERVICE

#: Seconds after which a read that waits is taken for one that would wait for ever.
SOON = 5.0


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """The user's end and the service's, which has sent the tickets of TLS 1.3 that nobody has read."""
    (tmp_path / "pair.pem").write_text(SERVICE.certificate + SERVICE.key)
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
    theirs.load_cert_chain(tmp_path / "pair.pem")
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    user = ours.wrap_socket(near, do_handshake_on_connect=False)
    service = theirs.wrap_socket(far, server_side=True, do_handshake_on_connect=False)
    for end in (user, service, user, service):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    assert user.version() == "TLSv1.3"
    for end in (user, service):
        end.settimeout(SOON)
    with user, service:
        yield user, service


def test_tickets_are_not_waited_behind(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    """A stream is there to be read, but no byte is in it for us: it goes on, and how it reads stays as it was."""
    user, service = ends
    assert ended([user], 0.05) == 0
    assert user.gettimeout() == SOON
    service.sendall(b"data: 1\n\n")
    assert ended([user], 0.05) == 0


@pytest.mark.parametrize("properly", [True, False])
def test_the_end_is_seen(ends: tuple[ssl.SSLSocket, ssl.SSLSocket], properly: bool) -> None:
    """With a farewell or without one, behind whatever is still there."""
    user, service = ends
    service.sendall(b"data: 1\n\n" * 5000)
    if properly:
        service.settimeout(0.0)
        with suppress(ssl.SSLWantReadError):
            service.unwrap()
    service.close()
    assert ended([user], SOON) == 1
