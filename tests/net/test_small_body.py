"""Small bodies: complete ones are given, large and cut ones are not."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone

from appproxy.net.small_body import BodyTooLargeError, SmallBody
from tests.service.signin.openid.test_oidc_client import result_of

WHOLE, CUT = Failure(ResponseDone()), Failure(ConnectionLost())


def body(limit: int = 10) -> tuple[SmallBody, StringTransport]:
    """A reader, and what it reads from."""
    reader, transport = SmallBody(limit), StringTransport()
    reader.makeConnection(transport)
    return reader, transport


def test_a_whole_body() -> None:
    """The pieces are put together, up to the very limit."""
    reader, _ = body()
    reader.dataReceived(b"01234")
    reader.dataReceived(b"56789")
    reader.connectionLost(WHOLE)
    assert result_of(reader.done) == b"0123456789"


def test_a_body_that_was_cut() -> None:
    """Half a document is none."""
    reader, _ = body()
    reader.dataReceived(b"0")
    reader.connectionLost(CUT)
    with pytest.raises(ConnectionLost):
        result_of(reader.done)


def test_one_byte_too_many() -> None:
    """The connection is dropped at once, and what still comes is thrown away."""
    reader, transport = body()
    reader.dataReceived(b"0123456789a")
    assert transport.producerState == "stopped"
    reader.dataReceived(b"more")
    reader.connectionLost(WHOLE)
    with pytest.raises(BodyTooLargeError):
        result_of(reader.done)


def test_nobody_waits_any_longer() -> None:
    """Giving up drops the connection."""
    reader, transport = body()
    reader.done.cancel()
    assert transport.producerState == "stopped"
    with pytest.raises(CancelledError):
        result_of(reader.done)
