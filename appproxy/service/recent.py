"""The values used last: a small memory that forgets what nobody asks for."""

from __future__ import annotations

from typing import Generic, TypeVar

#: Values that are kept. With access cookies of 500 bytes as keys that is some 10 MB.
KEPT = 10_000

T = TypeVar("T")


class Recent(Generic[T]):
    """The values used last, at most `size` of them.

    Two dicts instead of a linked list: what is used moves to the young one; when that is half the size, it becomes the
    old one, and the old one is dropped. A hit costs one look-up.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, size: int = KEPT) -> None:
        self._half = max(size // 2, 1)
        self._young: dict[object, T] = {}
        self._old: dict[object, T] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def __bool__(self) -> bool:
        return bool(self._young)

    def get(self, key: object) -> T | None:
        """The value kept for `key`."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: object, value: T) -> None:
        """Keep a value."""
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        self._young[key] = value

    def clear(self) -> None:
        """Forget all."""
        self._young = {}
        self._old = {}
