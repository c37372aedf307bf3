"""Who is told of the life of users' exchanges: access log, metrics, and whatever a program of one's own adds.

| event | when |
|---|---|
| `started` | its head has been read and checked; nothing is decided |
| `queued` | no connector takes it at the moment, and it waits for one; again where that happens again |
| `dispatched` | a connector has been given it; again for each further attempt |
| `answered` | its answer's head is on the way, whoever gives it; `status` is set |
| `ended` | it is over, and nothing about it changes any more; exactly once |
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from appproxy.service.exchange.exchange import Exchange

#: Called with the exchange. It must be quick, and change nothing.
Hook = Callable[[Exchange], None]

_log = Logger()


class Hooks:
    """One of a node. An event that nobody wants is None: it costs a comparison, no call and no loop."""

    __slots__ = ("_hooks", "answered", "dispatched", "ended", "queued", "started")

    EVENTS = ("started", "queued", "dispatched", "answered", "ended")

    def __init__(self) -> None:
        self._hooks: dict[str, tuple[Hook, ...]] = {}
        self.started: Hook | None = None
        self.queued: Hook | None = None
        self.dispatched: Hook | None = None
        self.answered: Hook | None = None
        self.ended: Hook | None = None

    def add(self, event: str, hook: Hook) -> None:
        """Call `hook` at each `event` from now on, after those that were added before. Raises ValueError."""
        self._set(event, (*self._hooks.get(event, ()), hook))

    def remove(self, event: str, hook: Hook) -> None:
        """Call it no longer. Raises ValueError for one that is not there."""
        hooks = list(self._hooks.get(event, ()))
        hooks.remove(hook)
        self._set(event, tuple(hooks))

    def _set(self, event: str, hooks: tuple[Hook, ...]) -> None:
        if event not in self.EVENTS:
            raise ValueError(f"{event}: there is no such event; there are {', '.join(self.EVENTS)}")
        self._hooks[event] = hooks
        setattr(self, event, _combined(event, hooks) if hooks else None)


def _combined(event: str, hooks: tuple[Hook, ...]) -> Hook:
    """One function that calls all. What fails is logged, and neither the user nor the next hook notices."""

    def call(exchange: Exchange) -> None:
        for hook in hooks:
            try:
                hook(exchange)
            except Exception:
                _log.failure("a hook of {event} failed at request {id}", event=event, id=exchange.id)

    return call
