"""What calls by `twisted.web.client.Agent` share: a body that is there already, and an answer that nobody reads."""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IPushProducer
from twisted.internet.protocol import Protocol
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer


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
