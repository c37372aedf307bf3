"""An answer that comes piece by piece over a data connection: what its body goes through, and how long it may be silent."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from appproxy.http.fields import values
from appproxy.net.read_gate import ReadGate
from appproxy.policy.conditional.parts.transfers import Refused, Transfers
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.relay.answers.movable import Movable, MovableOwner
from appproxy.service.relay.answers.relayed_events import RelayedEvents
from appproxy.service.relay.answers.transfers import Counted, Sink
from appproxy.service.relay.answers.translated_answer import TranslatedAnswer
from appproxy.service.relay.plan import Plan
from appproxy.tunnel.connections.silence import is_endless, is_event_stream, silence_of

#: What is kept of the head of an upgraded stream, of which there are many.
_SWITCHED = (101, b"")


class AnsweredOwner(MovableOwner, Protocol):
    """The request that it answers."""

    plan: Plan
    method: bytes
    #: Has the user got a translated answer already, and asks whether it is fresh?
    holds_translated: bool
    #: What policies let through of it; None for all.
    transfers: Transfers | None

    def deny(self, refused: Refused) -> None:
        """A policy lets no more through."""


class StreamedAnswer:
    """One, from its head on. `idle_timeout`: seconds that an upgraded stream may be silent."""

    __slots__ = ("_exchange", "endless", "head", "movable", "silence", "sink", "upgraded")

    def __init__(self, exchange: Exchange, status: int, block: bytes, idle_timeout: float) -> None:
        self._exchange = exchange
        #: Where its pieces go: through a translator, where the application's URLs are translated.
        self.sink: Sink = exchange
        #: What ends it so that its client comes back, where there is such a way.
        self.movable: Movable | None = None
        #: Status and fields as the application has sent them: what policies that come later are asked about. Of an upgraded
        #: stream, of which there are many, nothing is kept.
        self.head = _SWITCHED if status == 101 else (status, block)
        #: After 101 there is no answer any more, but a stream of bytes each way.
        self.upgraded = status == 101
        #: May it go on for ever? Its session ends it then.
        self.endless = self.upgraded or is_endless(block)
        #: Seconds.
        self.silence = idle_timeout if self.upgraded else silence_of(block, idle_timeout)

    def begin(self, request: AnsweredOwner, clock: IReactorTime, read_gate: ReadGate, status: int, block: bytes) -> bytes:
        """Set its way up; `read_gate` is paused while the user reads slowly. Gives the user's fields."""
        exchange, plan = self._exchange, request.plan
        producer: ReadGate | TranslatedAnswer = read_gate
        if plan.bodies is not None:
            block, translator = plan.bodies.answer(request.method, status, block, request.holds_translated)
            if translator is not None:
                self.sink = producer = TranslatedAnswer(exchange, translator, clock, read_gate, request.cut)
        if self.endless and not self.upgraded and producer is read_gate and is_event_stream(block) and not _is_coded(block):
            self.sink = self.movable = RelayedEvents(exchange, request)
        rule = None if request.transfers is None else request.transfers.download
        if rule is not None and not self.upgraded:
            refused = Refused(rule, f"download of more than {rule.most:.0f} bytes")
            self.sink = Counted(self.sink, rule.most, lambda: request.deny(refused))
        fields = plan.clean(status, block, exchange.id)
        exchange.register_producer(producer)
        return fields

    def start(self, status: int, fields: bytes) -> None:
        """Send its head, with its length if that is known."""
        length = values(fields, b"content-length")
        self._exchange.start(status, fields, int(length[0]) if length else None)

    def finish(self, trailers: bytes) -> None:
        """It is complete; of a stream: the application's direction is."""
        # What is still translated goes on by itself, and needs to know nobody but the user.
        sink, self.sink = self.sink, self._exchange
        sink.finish(trailers)


def _is_coded(block: bytes) -> bool:
    """Are the bytes compressed, so that nobody sees where an event ends?"""
    return any(value.lower() != b"identity" for value in values(block, b"content-encoding"))
