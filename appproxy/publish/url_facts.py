"""What must be known of all published URLs together to translate the links of a page by their directories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from appproxy.publish.application import Application, Url

_Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class UrlFacts:
    """`leaves`: the last segments of all paths; a URL that ends in one of them may belong where its directory does not.

    `mark`: 8 hex digits that change when any URL does. `movers`: internal hosts of which not every path stays what it is;
    None: behind a wildcard any could be one.
    """

    leaves: frozenset[bytes]
    mark: bytes
    movers: frozenset[_Place] | None

    @classmethod
    def of(cls, applications: Iterable[Application]) -> UrlFacts:
        """Look at all pairs of URLs."""
        leaves: set[str] = set()
        homes: dict[_Place, set[tuple[str, str]]] = {}
        checksum = 0
        for application in applications:
            for pair in application.pairs:
                outer, inner = pair.external, pair.internal
                leaves.update((outer.path.split("/")[-2], inner.path.split("/")[-2]))
                moved = "" if inner.path == outer.path else inner.path
                homes.setdefault((inner.scheme, inner.host, inner.port), set()).add((outer.origin, moved))
                checksum = crc32(f"{outer} {inner}\n".encode(), checksum)
        wildcards = any(host[0] == "*" for _, host, _ in homes)
        movers = frozenset(place for place, there in homes.items() if len(there) > 1 or next(iter(there))[1])
        return cls(
            frozenset(leaf.encode("ascii") for leaf in leaves if leaf), b"%08x" % checksum, None if wildcards else movers
        )

    def moves_paths(self, internal: Url) -> bool:
        """Can the path of a URL on this internal host be another one for users, or lead to another host?"""
        return self.movers is None or (internal.scheme, internal.host, internal.port) in self.movers
