"""Where an application's requests go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.origin_stream import OriginSource


@dataclass(frozen=True, slots=True)
class OriginRoute:
    """The application's settings, and its connections."""

    target: Target
    origin: OriginSource
    #: Of a wildcard: the routes of its hosts, one of which takes the place of this one.
    hosts: WildcardRoutes | None = None


class WildcardRoutes(Protocol):
    """The routes of a wildcard."""

    def of(self, authority: bytes) -> OriginRoute | None:
        """The one for this Host; None when the wildcard does not stand for it."""

    def addresses(self) -> set[OriginAddress]:
        """Where those are that are in use."""
