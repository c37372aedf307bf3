"""TLS before anything else, and nothing but what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import RequestError
from appproxy.ldap import ber, filters, messages
from appproxy.ldap.messages import SearchRequest
from appproxy.provider.directories.connection import MOST_MESSAGE, LdapConnection
from tests.fakes.outcome import got
from tests.provider.directories.fake import ACCOUNT, BASE, SECRET, FakeServer, FakeTransport

FIND = SearchRequest(BASE, filters.equal("uid", "ann"), ("uid",), 5)


def connected(server: FakeServer, at_once: bool = True) -> tuple[LdapConnection, FakeTransport]:
    """A connection, as far as it gets."""
    connection = LdapConnection(object(), at_once)
    transport = FakeTransport(server, connection)
    connection.makeConnection(transport)
    return connection, transport


def asked(work: Any) -> Any:
    """The answer, which is there."""
    return got(Deferred.fromCoroutine(work))


@pytest.mark.parametrize("at_once", [True, False])
def test_nothing_goes_without_tls_but_the_wish_for_it(at_once: bool) -> None:
    server = FakeServer()
    server.add("uid=ann,dc=corp", uid="ann")
    connection, transport = connected(server, at_once)
    got(connection.ready)
    assert transport.plain == ([] if at_once else [messages.start_tls_request(1)])
    assert asked(connection.bind(ACCOUNT, SECRET)).code == 0
    entries, result = asked(connection.search(FIND))
    assert ([one.dn for one in entries], result.code) == (["uid=ann,dc=corp"], 0)
    connection.leave()
    assert transport.closed


@pytest.mark.parametrize(("server", "why"), [
    (FakeServer(start_tls=2), "refuses StartTLS"),
    # What somebody between has put behind the answer, for the time after TLS (CVE-2011-0411 and its like).
    (FakeServer(injected=b"0\x05\x02\x01"), "came before TLS"),
    (FakeServer(injected=messages.unbind_request(1)), "came before TLS"),
])
def test_a_server_that_does_not_start_tls_properly_is_left(server: FakeServer, why: str) -> None:
    connection, transport = connected(server, False)
    with pytest.raises(RequestError, match=why):
        got(connection.ready)
    assert transport.closed and not transport.secure and server.binds == []


@pytest.mark.parametrize(("said", "why"), [
    (b"HTTP/1.1 400 Bad Request\r\n", "no LDAP"),
    (ber.tlv(ber.SEQUENCE, ber.integer(9), ber.tlv(0x65, ber.integer(0, ber.ENUMERATED), ber.octets(""), ber.octets(""))),
     "nobody asked for"),
    (ber.tlv(ber.SEQUENCE, ber.integer(0), ber.tlv(0x78, ber.integer(52, ber.ENUMERATED), ber.octets(""), ber.octets(""))),
     "ends the connection"),
    (b"0\x84" + (MOST_MESSAGE + 1).to_bytes(4, "big"), "no LDAP"),
])
def test_what_was_not_asked_for_ends_the_connection(said: bytes, why: str) -> None:
    server = FakeServer()
    connection, transport = connected(server)
    server.frozen = True
    waiting = Deferred.fromCoroutine(connection.search(FIND))
    connection.dataReceived(said)
    with pytest.raises(RequestError, match=why):
        got(waiting)
    assert transport.closed


def test_a_connection_that_is_lost_fails_what_waits() -> None:
    server = FakeServer()
    connection, transport = connected(server)
    server.frozen = True
    waiting = Deferred.fromCoroutine(connection.search(FIND))
    transport.abortConnection()
    with pytest.raises(RequestError, match="lost"):
        got(waiting)
    with pytest.raises(RequestError, match="lost"):
        asked(connection.search(FIND))


def test_what_proves_nothing_is_never_sent() -> None:
    server = FakeServer()
    connection, _ = connected(server)
    with pytest.raises(ValueError, match="needs a name and a password"):
        asked(connection.bind("uid=ann,dc=corp", ""))
    assert server.binds == []
