"""Which certificates are revoked, kept as what is asked of it: 16 bytes for each, so that a list may have very many."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Set

#: Bytes of an id, which is written as twice as many hex digits.
SIZE = 16
_BUCKETS = 256


class RevokedIds(Set[str]):
    """An immutable set of ids (`crl.certificate_id`): a million of them are 16 MB, where as texts in a set they are 150.

    `packed`: their bytes, sorted, none of them twice. `also`: a few more, which may be among them.
    """

    __slots__ = ("_also", "_packed")

    def __init__(self, packed: bytes = b"", also: Iterable[str] = ()) -> None:
        self._packed = packed
        self._also: frozenset[str] = frozenset()
        self._also = frozenset(id for id in also if id not in self)

    @classmethod
    def sorted_from(cls, ids: Iterable[bytes]) -> RevokedIds:
        """Of ids in any order. Sorted in small parts: one sort of all would hold up every other thread meanwhile."""
        buckets: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        for one in ids:
            buckets[one[0]].append(one)
        return cls(b"".join(b"".join(sorted(set(bucket))) for bucket in buckets))

    @classmethod
    def read(cls, text: str, also: Iterable[str] = ()) -> RevokedIds:
        """What `written` gave, and these. Raises ValueError for what has other signs."""
        return cls(bytes.fromhex(text), also)

    def written(self) -> str:
        """Those that are packed, in hex digits, with a space between any two."""
        return self._packed.hex(" ", SIZE)

    def __contains__(self, id: object) -> bool:
        if id in self._also:
            return True
        if not isinstance(id, str) or len(id) != 2 * SIZE:
            return False
        try:
            wanted = bytes.fromhex(id)
        except ValueError:
            return False
        at = bisect_left(_Places(self._packed), wanted)
        return self._packed[at * SIZE:at * SIZE + SIZE] == wanted

    def __iter__(self) -> Iterator[str]:
        packed = self._packed
        yield from (packed[at:at + SIZE].hex() for at in range(0, len(packed), SIZE))
        yield from self._also

    def __len__(self) -> int:
        return len(self._packed) // SIZE + len(self._also)

    def __eq__(self, other: object) -> bool:
        """Two of them by their bytes, and any other set by what is in it."""
        if isinstance(other, RevokedIds):
            return self._packed == other._packed and self._also == other._also
        return super().__eq__(other)

    def __hash__(self) -> int:
        return self._hash()

    def __repr__(self) -> str:
        return f"<{len(self)} revoked certificates>"


class _Places:
    """The ids by their place, for the search by halves."""

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed) // SIZE

    def __getitem__(self, at: int) -> bytes:
        return self._packed[at * SIZE:at * SIZE + SIZE]
