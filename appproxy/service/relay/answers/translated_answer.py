"""The body of one answer on its way through a translator: a bounded piece of work in each turn of the reactor.

A small piece of a compressed body may be a large page. So work is counted in bytes that were looked at; when a turn has
had its share, the rest waits for the next one, and so does whoever sends more. The same when the user reads slowly: what
is not yet asked for is not yet made, so that memory holds what was received, and not what that becomes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from twisted.internet.interfaces import IPushProducer, IReactorTime
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.net.loop.flush_scheduler import LONG_WORK, shared_turn
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.publish.body.translator import Stepwise
from appproxy.service.exchange.exchange import Exchange

#: Bytes that one answer may have looked at in one turn: some five milliseconds of work. What one read of a connection
#: brings uncompressed is a quarter of it.
TURN = 256 * 1024


@implementer(IPushProducer)
class TranslatedAnswer:
    """Writes to `exchange` what `translator` makes of the pieces given here; that pauses it, and it pauses `read_gate`.

    `broken` is called once when a piece cannot be read, unless `finish` was called before; then the answer is broken here.
    """

    __slots__ = ("_broken", "_clock", "_ending", "_exchange", "_left", "_paused", "_pieces", "_read_gate", "_steps",
                 "_translator",
                 "_turn", "_waits")

    def __init__(self, exchange: Exchange, translator: Stepwise, clock: IReactorTime, read_gate: ReadGate | None,
                 broken: Callable[[Code, str], None]) -> None:
        self._exchange = exchange
        self._translator = translator
        self._clock = clock
        #: What all answers that are translated share.
        self._turn = shared_turn(clock)
        self._read_gate = read_gate
        self._broken = broken
        #: What this turn of the reactor may still look at.
        self._left = TURN
        self._pieces: deque[bytes] = deque()
        self._steps: Iterator[tuple[int, bytes]] | None = None
        #: The trailers, once no more pieces come.
        self._ending: bytes | None = None
        self._paused = False
        #: Will the end of this turn be heard of?
        self._waits = False

    @classmethod
    def whole(cls, exchange: Exchange, translator: Stepwise, clock: IReactorTime, status: int, fields: bytes, body: bytes,
              ) -> None:
        """Give a complete answer: with its length when it is small, and otherwise piece by piece.

        Raises RequestError when it cannot be read and nothing was sent yet.
        """
        made: list[bytes] = []
        left, steps, until = TURN, translator.steps(body), clock.seconds() + LONG_WORK
        for count, public in steps:
            made.append(public)
            left -= count
            if left <= 0 or clock.seconds() > until:
                left = 0
                break
        else:
            exchange.answer(status, fields, b"".join(made) + translator.finish())
            return
        rest = cls(exchange, translator, clock, None, lambda code, why: None)
        exchange.register_producer(rest)
        exchange.start(status, fields, None)
        exchange.write(b"".join(made))
        rest._left, rest._steps, rest._ending = left, steps, b""
        rest._work()

    def write(self, data: bytes) -> None:
        """Take a piece of the body, as the application sent it."""
        self._pieces.append(data)
        self._work()

    def finish(self, trailers: bytes) -> None:
        """The body is complete. The connection that it came on may serve others from now on."""
        self._ending = trailers
        read_gate, self._read_gate = self._read_gate, None
        if read_gate is not None:
            read_gate.release(HoldReason.SLOW_PEER | HoldReason.BACKLOG)
        self._work()

    def flush_turn(self) -> None:
        """Another turn begins."""
        self._waits = False
        self._left = TURN
        self._work()

    def _work(self) -> None:
        """Go on until all is done, or it is enough for this turn, or for the user."""
        exchange = self._exchange
        try:
            seconds, until = self._clock.seconds, self._turn.until()
            while not exchange.over and not self._paused and self._left > 0:
                if seconds() > until:
                    self._left = 0
                elif not self._go_on():
                    break
        except RequestError as error:
            self._break(error)
        if exchange.over:
            self._forget()
            return
        busy = self._steps is not None or bool(self._pieces)
        if self._read_gate is not None:
            (self._read_gate.hold if busy else self._read_gate.release)(HoldReason.BACKLOG)
        if self._left < TURN:
            self._await_turn()

    def _await_turn(self) -> None:
        """Hear of the end of this turn."""
        if not self._waits:
            self._waits = True
            self._turn.add(self)

    def _go_on(self) -> bool:
        """One step. False: there is nothing to do."""
        if self._steps is None:
            if not self._pieces:
                if self._ending is not None:
                    self._exchange.write(self._translator.finish())
                    self._exchange.finish(self._ending)
                return False
            self._steps = self._translator.steps(self._pieces.popleft())
        count, public = next(self._steps, (-1, b""))
        if count < 0:
            self._steps = None
            return True
        self._left -= count
        self._exchange.write(public)
        return True

    def _break(self, error: RequestError) -> None:
        if self._ending is None:
            self._broken(error.code, error.detail)
            return
        self._exchange.failure = error.code
        self._exchange.detail = error.detail
        self._exchange.abort()

    def _forget(self) -> None:
        """Nobody wants the rest."""
        self._pieces.clear()
        self._steps = self._read_gate = None

    # The user.

    def pauseProducing(self) -> None:
        """The user reads slowly."""
        self._paused = True
        if self._read_gate is not None:
            self._read_gate.hold(HoldReason.SLOW_PEER)

    def resumeProducing(self) -> None:
        """They have caught up. Whoever says so may be in the middle of something, so work begins with the next turn."""
        self._paused = False
        if self._read_gate is not None:
            self._read_gate.release(HoldReason.SLOW_PEER)
        self._await_turn()

    def stopProducing(self) -> None:
        """The user has gone; the exchange hears of it, too."""
        if self._read_gate is not None:
            self._read_gate.stopProducing()
