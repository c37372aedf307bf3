"""Threads that are the test's own: what is to be done in another one is done at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from appproxy.testing.network import InlinePool

T = TypeVar("T")


class NoThreads(Clock):
    """A reactor whose threads are this one."""

    def callFromThread(self, do: Callable[..., object], *args: object, **kwargs: object) -> None:
        """Do it."""
        do(*args, **kwargs)

    def getThreadPool(self) -> InlinePool:
        """Where `deferToThread` has its work done."""
        return InlinePool()


def run_at_once(work: Callable[[], T]) -> Deferred[T]:
    """As `PasswordThreads` has it."""
    return maybeDeferred(work)
