"""A body that is read whole, in memory, up to a bound: for answers of our own, which want all of it before they begin."""

from __future__ import annotations

from collections.abc import Callable

from appproxy.errors import Code
from appproxy.http.head import Fields
from appproxy.service.exchange.exchange import Exchange


class WholeBody:
    """Of one exchange. `done` gets all of it, or `too_large` is called at the first byte beyond `limit`; or neither, where the
    user leaves.
    """

    def __init__(
        self, exchange: Exchange, limit: int, done: Callable[[bytes], None], too_large: Callable[[], None],
    ) -> None:
        self._limit = limit
        self._exchange = exchange
        self._done = done
        self._too_large = too_large
        self._pieces: list[bytes] = []
        self._taken = 0

    def read(self) -> None:
        """Begin."""
        self._exchange.responder = self
        self._exchange.read_body(self)

    def body_received(self, data: bytes) -> None:
        """A piece of it."""
        self._taken += len(data)
        if self._taken <= self._limit:
            self._pieces.append(data)
        elif self._taken - len(data) <= self._limit:  # the first piece too much
            self._pieces.clear()
            self._exchange.stop_body()
            self._too_large()

    def body_ended(self, trailers: Fields) -> None:
        """All of it is there."""
        if self._taken <= self._limit:
            self._done(b"".join(self._pieces))

    def user_left(self, code: Code) -> None:
        """Nothing was done yet."""
        self._taken = self._limit + 1
        self._pieces.clear()
