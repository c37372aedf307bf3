"""Who lives: judged by signs of life that are counted, and by one's own clock alone, since clocks of machines differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appproxy.store.service.nodes import SILENCE, NodeRecord

#: A row that was this old, by the machines' clocks, when it was found first: its process ended long ago. Clocks that differ
#: by less than half of it do no harm.
OLD = 60.0


@dataclass(slots=True)
class _Heard:
    """The last sign of life that was new, and when it was seen."""

    beats: int
    since: float


class Liveness:
    """What one node knows of the others."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}
        self._looked: float | None = None

    def observe(self, rows: Iterable[NodeRecord], now: float, wall: float) -> tuple[NodeRecord, ...]:
        """Those of `rows` that live, at `now` seconds of a clock that nobody sets, and `wall` seconds since 1970.

        Where nobody could look for a while, nobody could give a sign of life either: then all have their time once more.
        """
        blind = self._looked is not None and now - self._looked > SILENCE / 2
        self._looked = now
        heard, living = {}, []
        for row in rows:
            before = self._heard.get(row.id)
            if before is None:
                before = _Heard(row.beats, now - SILENCE if wall - row.seen > OLD else now)
            elif before.beats != row.beats or blind:
                before = _Heard(row.beats, now)
            heard[row.id] = before
            if now - before.since < SILENCE:
                living.append(row)
        self._heard = heard
        return tuple(living)
