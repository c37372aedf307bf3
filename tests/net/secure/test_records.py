"""The short way into OpenSSL does what pyOpenSSL's own methods do."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from appproxy.net.secure.contexts import origin_context, user_context
from appproxy.net.secure.records import ROOM, encrypt, read_records, renew_buffers, take_output
from tests.net.wire import Talker
from tests.pki.authorities import CONNECT, OURS, SERVICE

_SERVER = user_context([SERVICE])
_CLIENT = origin_context(CONNECT, OURS.certificate, "", True)


def pair() -> tuple[SSL.Connection, SSL.Connection]:
    """Two connections whose handshake is done, and nothing left in between."""
    server = SSL.Connection(_SERVER.serverConnectionForTLS(Talker()).get_context(), None)  # type: ignore[arg-type]
    server.set_accept_state()
    client = _CLIENT.clientConnectionForTLS(Talker())  # type: ignore[arg-type]
    client.set_connect_state()
    for _ in range(4):
        for one, other in ((client, server), (server, client)):
            with suppress(SSL.WantReadError):
                one.do_handshake()
            records = take_output(one)
            if records:
                other.bio_write(records)
    assert read_records(client) == (b"", None)
    return server, client


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_the_same_bytes_as_pyopenssl(sizes: list[int]) -> None:
    """Messages of any size, sent the short way, come out of pyOpenSSL's `recv`, and the other way round."""
    server, client = pair()
    body = b""
    for number, size in enumerate(sizes):
        data = bytes([number]) * size
        body += data
        server.bio_write(bytes(encrypt(client, data)))
    got = b""
    while len(got) < len(body):
        got += server.recv(16_384)
    assert got == body
    for start in range(0, len(body), 16_384):
        server.send(body[start : start + 16_384])
    records = b""
    while len(records) < len(body):
        records += server.bio_read(ROOM)
    client.bio_write(records)
    assert read_records(client) == (body, None)


def test_more_than_the_room() -> None:
    """What does not fit into the buffer at once is not lost."""
    server, client = pair()
    body = bytes(range(256)) * (4 * ROOM // 256)
    server.bio_write(bytes(encrypt(client, body)))
    assert take_output(client) == b""
    assert read_records(server) == (body, None)


def test_nothing_there() -> None:
    """Nothing to read and nothing to send are no errors."""
    server, client = pair()
    assert read_records(server) == (b"", None)
    assert take_output(client) == b""


def test_a_clean_end() -> None:
    """close_notify is an end of its own, after the bytes before it."""
    server, client = pair()
    client.send(b"bye")
    client.shutdown()
    server.bio_write(take_output(client))
    data, end = read_records(server)
    assert data == b"bye"
    assert isinstance(end, SSL.ZeroReturnError)


def test_an_end_of_file() -> None:
    """An end without close_notify is another."""
    server, _client = pair()
    server.bio_shutdown()
    _data, end = read_records(server)
    assert isinstance(end, SSL.SysCallError) and end.args[1] == "Unexpected EOF"


def test_a_forgery() -> None:
    """A touched record is an error, and gives no byte; the error does not stick to other connections."""
    server, client = pair()
    records = bytes(encrypt(client, b"x" * 100))
    server.bio_write(records[:-1] + bytes([records[-1] ^ 1]))
    data, end = read_records(server)
    assert data == b""
    assert isinstance(end, SSL.Error) and "bad record mac" in str(end)
    other, another = pair()
    other.bio_write(bytes(encrypt(another, b"fine")))
    assert read_records(other) == (b"fine", None)


def test_buffers_are_given_back_unless_something_is_in_them() -> None:
    """Nothing is lost by it, neither half a record that came, nor one that is to leave, nor an end."""
    server, client = pair()
    former = server._into_ssl, server._from_ssl
    renew_buffers(server)
    assert former[0] != server._into_ssl and former[1] != server._from_ssl
    renew_buffers(client)
    client.send(b"one")
    former = client._into_ssl, client._from_ssl
    renew_buffers(client)
    assert former == (client._into_ssl, client._from_ssl), "a record is to leave"
    records = bytes(take_output(client))
    assert read_records(server, records[:9]) == (b"", None)
    renew_buffers(server)
    assert read_records(server, records[9:]) == (b"one", None)
    assert read_records(client, bytes(encrypt(server, b"two" * 30_000))) == (b"two" * 30_000, None)
    renew_buffers(server)
    client.shutdown()
    data, end = read_records(server, bytes(take_output(client)))
    assert data == b"" and isinstance(end, SSL.ZeroReturnError)
    renew_buffers(client)
    client.bio_shutdown()
    _data, end = read_records(client)
    assert isinstance(end, SSL.SysCallError)


def test_writing_before_the_handshake_is_over() -> None:
    """Nothing is taken then, and the caller is told to wait."""
    client = _CLIENT.clientConnectionForTLS(Talker())  # type: ignore[arg-type]
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        encrypt(client, b"early")


def test_writing_after_our_close() -> None:
    """Nothing follows close_notify."""
    _server, client = pair()
    client.shutdown()
    with pytest.raises(SSL.Error) as problem:
        encrypt(client, b"late")
    assert not isinstance(problem.value, SSL.WantReadError)


@pytest.mark.parametrize("name", ["_ssl", "_into_ssl", "_from_ssl", "_raise_ssl_error"])
def test_pyopenssls_insides(name: str) -> None:
    """What we reach for inside pyOpenSSL is there."""
    assert hasattr(pair()[0], name)
