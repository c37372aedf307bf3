"""When something is dialled, and dialled again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime


@dataclass(frozen=True, slots=True)
class Timing:
    """A clock, and chance (0 to 1): connectors that lost a node at one moment must not all come back at one."""

    clock: IReactorTime
    random: Callable[[], float]
