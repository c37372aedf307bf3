"""Long questions of which a node answers one at a time, so that they leave the store's thread to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from twisted.internet.defer import Deferred

from appproxy.admin.base.problem import Busy
from appproxy.store.transaction import Reading

P = ParamSpec("P")
T = TypeVar("T")


class Alone:
    """Made once a node."""

    def __init__(self) -> None:
        self._is_taken = False

    def check(self) -> None:
        """Raises Busy while one is being answered."""
        if self._is_taken:
            raise Busy("the node answers another such question", hint="ask again in some seconds")

    def read(
        self, read: Callable[..., Deferred[T]], do: Callable[Concatenate[Reading, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """As `LiveStore.read`, which is given. Raises Busy.

        Whoever asked may be told that it takes too long while the thread is still at it: the next one waits for the thread.
        """
        self.check()
        begun = False

        def run(reading: Reading) -> T:
            nonlocal begun
            begun = self._is_taken = True
            try:
                return do(reading, *args, **kwargs)
            finally:
                self._is_taken = False

        def over(result: T) -> T:
            if not begun:
                self._is_taken = False
            return result

        self._is_taken = True
        return read(run).addBoth(over)
