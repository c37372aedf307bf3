"""What other distributions bring: found by entry points, and loaded only when a name is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from appproxy.errors import ConfigError


class Plugins:
    """The entry points of one group. `find` replaces the look at what is installed."""

    def __init__(self, group: str, find: Callable[[], Iterable[EntryPoint]] | None = None) -> None:
        self.group = group
        self._find = find or (lambda: entry_points(group=group))

    def names(self) -> list[str]:
        """What is installed, in alphabetical order; nothing is loaded for it."""
        return sorted({point.name for point in self._find()})

    def make(self, name: str, what: str) -> Any:
        """What the entry point leads to, called without arguments. Raises ConfigError, which begins with `what`."""
        point = next((point for point in self._find() if point.name == name), None)
        if point is None:
            there = ", ".join(self.names()) or "none"
            raise ConfigError(
                f"{what}: no installed distribution has {name!r} as an entry point of {self.group}",
                hint=f"installed: {there}")
        try:
            return point.load()()
        except Exception as error:
            raise ConfigError(f"{what}: {name} ({point.value}) cannot be loaded: {error}") from error
