"""One attempt to connect: it ends once, in one way, and leaves nothing behind."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.attempt import Dialling
from appproxy.connector.origin.dial.lookup import LookupTimedOut
from appproxy.errors import Code, RequestError
from appproxy.net.loop.deadlines import Deadlines
from tests.connector.rig import Dialled


class Connection(Protocol):
    """A connection to an application: `aborted` when nobody had it."""

    def __init__(self) -> None:
        self.dialling: Dialling[Connection] | None = None
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True

    def connectionLost(self, reason: Failure = Failure(error.ConnectionDone())) -> None:  # noqa: B008 -- Twisted's
        if self.dialling is not None:
            self.dialling.failed(reason)


class Asker:
    """An application's address, and who asks for a connection to it: `told` how it went."""

    def __init__(self, scheme: str = "http", timeout: float = 10.0) -> None:
        self.address = OriginAddress(scheme, "wiki.corp", 80)
        self.clock = Clock()
        self.deadlines = Deadlines(self.clock)
        self.told: list[object] = []
        self.cancelled = 0
        #: What the attempt says when it is given up.
        self.given_up: Exception = error.UserError()
        self.attempt: Dialling[Connection] = Dialling(cast(Any, self), self.told.append, self._failed, timeout, self._ended)

    def _ended(self, stands: bool) -> None:
        self.told.append("stands" if stands else "ended")

    def _failed(self, error: RequestError) -> None:
        self.told.append(error.code)

    def build(self) -> Connection:
        return Connection()

    def connect(self, address: OriginAddress, factory: IProtocolFactory, timeout: float) -> Deferred[IProtocol]:
        answer: Deferred[IProtocol] = Deferred(self._cancel)
        self.dialled = Dialled(address, factory, answer)
        return answer

    def _cancel(self, answer: Deferred[IProtocol]) -> None:
        self.cancelled += 1
        answer.errback(self.given_up)

    def stand(self) -> Connection:
        """TCP is connected."""
        connection = self.dialled.stand().protocol
        assert isinstance(connection, Connection)
        return connection


def test_a_connection_that_stands_is_ready_once_it_says_so() -> None:
    """TCP alone is not enough: TLS, or HTTP/2, may follow."""
    asker = Asker()
    connection = asker.stand()
    assert asker.told == [] and connection.dialling is asker.attempt
    asker.attempt.succeeded(connection)
    assert asker.told == ["stands", connection]
    assert connection.dialling is None and len(asker.deadlines) == 0
    asker.clock.pump([1.0] * 20)
    assert asker.told == ["stands", connection] and not connection.aborted


@pytest.mark.parametrize(("reason", "code"), [
    (error.ConnectionRefusedError(), Code.ORIGIN_REFUSED),
    (error.DNSLookupError(), Code.ORIGIN_DNS),
    (error.TimeoutError(), Code.ORIGIN_CONNECT_TIMEOUT),
])
def test_one_that_does_not_come_to_stand(reason: Exception, code: Code) -> None:
    """The failure has a name of its own, told once."""
    asker = Asker()
    asker.dialled.fail(reason)
    assert asker.told == ["ended", code] and len(asker.deadlines) == 0
    asker.clock.pump([1.0] * 20)
    assert asker.told == ["ended", code]


@pytest.mark.parametrize(("scheme", "code"), [("https", Code.ORIGIN_TLS), ("http", Code.ORIGIN_CLOSED)])
def test_a_connection_that_is_lost_before_it_is_ready(scheme: str, code: Code) -> None:
    """Within TLS it is TLS that failed."""
    asker = Asker(scheme)
    asker.stand()
    assert asker.told == []
    asker.attempt.failed(Failure(error.ConnectionLost()))
    assert asker.told == ["ended", code]


def test_a_secure_one_that_is_refused_has_no_fault_of_tls() -> None:
    """TCP never stood."""
    asker = Asker("https")
    asker.dialled.fail(error.ConnectionLost())
    assert asker.told == ["ended", Code.ORIGIN_CLOSED]


def test_one_that_stands_and_is_of_no_use() -> None:
    """It does not speak what it should; whatever follows is not told."""
    asker = Asker()
    asker.stand()
    asker.attempt.refused(RequestError(Code.ORIGIN_MALFORMED, "no HTTP/2"))
    asker.attempt.refused(RequestError(Code.ORIGIN_CLOSED))
    assert asker.told == ["ended", Code.ORIGIN_MALFORMED]


def test_too_long() -> None:
    """The attempt is given up, also where TCP is connected and TLS does not; nothing stays open."""
    for standing in (False, True):
        asker = Asker()
        connection = asker.stand() if standing else None
        asker.clock.pump([0.25] * 39)
        assert asker.told == []
        asker.clock.pump([0.25] * 2)
        assert asker.told == ["ended", Code.ORIGIN_CONNECT_TIMEOUT]
        assert len(asker.deadlines) == 0
        if connection is not None:
            transport: Any = connection.transport
            assert transport.end == "aborted"
        else:
            assert asker.cancelled == 1


def test_a_look_up_that_takes_too_long_is_told_as_such() -> None:
    """It says so when it is given up, and the whole attempt then has that name."""
    asker = Asker()
    asker.given_up = LookupTimedOut()
    asker.clock.pump([0.25] * 41)
    assert asker.told == ["ended", Code.ORIGIN_DNS_TIMEOUT]


def test_a_cancelled_one_tells_nobody_but_whoever_counts() -> None:
    """Neither ready nor failed; a connection that stands is reset."""
    for standing in (False, True):
        asker = Asker()
        connection = asker.stand() if standing else None
        asker.attempt.cancel()
        assert asker.told == ["ended"] and len(asker.deadlines) == 0
        asker.attempt.cancel()
        asker.attempt.failed(Failure(error.ConnectionLost()))
        assert asker.told == ["ended"]
        if connection is not None:
            transport: Any = connection.transport
            assert transport.end == "aborted" and connection.dialling is None
        else:
            assert asker.cancelled == 1


def test_one_that_is_ready_too_late_is_closed() -> None:
    """Nobody would use it."""
    asker = Asker()
    connection = asker.stand()
    asker.attempt.cancel()
    asker.attempt.succeeded(connection)
    assert connection.aborted and asker.told == ["ended"]
