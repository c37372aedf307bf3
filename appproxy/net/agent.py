"""Calls to others by `twisted.web.client.Agent`: whoever answers decides neither how long one lasts nor how much it takes.

No redirect is followed and nothing is decompressed. Who may be called, and whose certificate is believed, is the agent's
business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

from OpenSSL.SSL import Error as TlsError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost, ConnectionRefusedError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IConsumer, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.net.small_body import SmallBody

T = TypeVar("T")


@implementer(IBodyProducer)
class BytesProducer:
    """A request's body that is there already. Twisted's own would be read in turns of the global reactor."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Called by the agent."""
        consumer.write(self._body)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        """All is written already."""

    def resumeProducing(self) -> None:
        """All is written already."""

    def stopProducing(self) -> None:
        """All is written already."""


class UnreadAnswer(Protocol):
    """Nobody reads what comes behind the status, however much it is."""

    def connectionMade(self) -> None:
        """Called by the agent."""
        cast("IPushProducer", self.transport).stopProducing()


class CallAnswer(NamedTuple):
    """What came of a call. `headers` are whatever bytes were sent: read as text they raise where they are no UTF-8."""

    status: int
    headers: Headers
    body: bytes


async def call(
    agent: IAgent, method: bytes, url: str, headers: Headers, body: bytes | None = None, largest: int = 0,
    read: Callable[[int], bool] = lambda status: False,
) -> CallAnswer:
    """One call. Of an answer whose status `read` wants the body is read, `largest` bytes; of all others none is, and their
    connection is closed, however much they would still send.

    Raises BodyTooLargeError, and whatever comes between us and an answer; it has an end by `within`.
    """
    producer = None if body is None else BytesProducer(body)
    response: IResponse = await agent.request(method, url.encode("ascii"), headers, producer)
    status = cast("int", response.code)
    # At once, before anything else is made of the answer: without a reader its connection stays open for ever.
    if not read(status):
        response.deliverBody(UnreadAnswer())
        return CallAnswer(status, response.headers, b"")
    reader = SmallBody(largest)
    response.deliverBody(reader)
    content = await reader.done
    return CallAnswer(status, response.headers, content)


def within(calling: Deferred[T], seconds: float, clock: IReactorTime) -> Deferred[T]:
    """The same, which fails with TimeoutError after so many seconds for all of it, from the first step to the last byte; the
    call is cancelled then, whatever the agent makes of that.
    """
    def late(result: object, after: float) -> Failure:
        return Failure(TimeoutError(f"no whole answer in {after:g} s"))

    return calling.addTimeout(seconds, clock, late)


def why_no_answer(failure: Failure) -> str:
    """Why a call brought nothing, in an administrator's words. What twisted.web's client fails with has the causes in it."""
    for cause in (failure, *getattr(failure.value, "reasons", ())):
        reason = _cause(cause)
        if reason:
            return reason
    return " ".join(failure.getErrorMessage().split())[:100] or "no answer"


def _cause(failure: Failure) -> str:
    """One of them; "" for one that says nothing by itself."""
    said = str(failure.value)[:200]
    for kinds, reason in (
        ((TimeoutError,), said), ((DNSLookupError,), "the name is not known"),
        ((ConnectTimeout,), "nothing answers there: packets are dropped on the way, or the machine is off"),
        ((ConnectionRefusedError,), "nothing listens there"), ((ConnectError,), f"no way leads there ({said})"),
        ((CertificateRefused,), f"its certificate is not believed: {said}"),
        ((TlsError,), "no TLS is spoken there: is it http?"), ((ParseError,), "what answers there speaks no HTTP"),
        ((ConnectionDone, ConnectionLost, PotentialDataLoss), "the connection ended before the whole answer was there"),
    ):
        if failure.check(*kinds):
            return reason
    return ""
