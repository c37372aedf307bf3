"""An answer that comes piece by piece over a data connection: what its body goes through, and how long it may be silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.http.fields import values
from appproxy.service.relay.translated_answer import TranslatedAnswer
from appproxy.tunnel.silence import is_endless, silence_of

if TYPE_CHECKING:
    from appproxy.net.read_gate import ReadGate
    from appproxy.service.exchange.exchange import Exchange
    from appproxy.service.relay.proxied_request import ProxiedRequest


class StreamedAnswer:
    """One, from its head on. `idle_timeout`: seconds that an upgraded stream may be silent."""

    __slots__ = ("_exchange", "_sink", "endless", "silence", "upgraded")

    def __init__(self, exchange: Exchange, status: int, block: bytes, idle_timeout: float) -> None:
        self._exchange = exchange
        #: Where its pieces go: through a translator, where the application's URLs are translated.
        self._sink: Exchange | TranslatedAnswer = exchange
        #: After 101 there is no answer any more, but a stream of bytes each way.
        self.upgraded = status == 101
        #: May it go on for ever? Its session ends it then.
        self.endless = self.upgraded or is_endless(block)
        #: Seconds.
        self.silence = idle_timeout if self.upgraded else silence_of(block, idle_timeout)

    def begin(self, request: ProxiedRequest, read_gate: ReadGate, status: int, block: bytes) -> bytes:
        """Set its way up; `read_gate` is paused while the user reads slowly. Gives the user's fields."""
        exchange, plan = self._exchange, request.plan
        if plan.bodies is not None:
            block, translator = plan.bodies.answer(request.method, status, block, request.holds_translated)
            if translator is not None:
                self._sink = TranslatedAnswer(exchange, translator, request.relay.clock, read_gate, request.cut)
        fields = plan.clean(status, block, exchange.id)
        exchange.register_producer(self._sink if isinstance(self._sink, TranslatedAnswer) else read_gate)
        return fields

    def start(self, status: int, fields: bytes) -> None:
        """Send its head, with its length if that is known."""
        length = values(fields, b"content-length")
        self._exchange.start(status, fields, int(length[0]) if length else None)

    def write(self, piece: bytes) -> None:
        """Send a piece of its body."""
        self._sink.write(piece)

    def finish(self, trailers: bytes) -> None:
        """It is complete; of a stream: the application's direction is."""
        # What is still translated goes on by itself, and needs to know nobody but the user.
        sink, self._sink = self._sink, self._exchange
        sink.finish(trailers)
