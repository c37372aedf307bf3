"""What a call has come to that waits for nothing."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def got(asked: Deferred[T] | Coroutine[Any, Any, T]) -> T:
    """Its result. Raises what it has failed with, and AssertionError where it still waits."""
    results: list[T | Failure] = []
    deferred = asked if isinstance(asked, Deferred) else Deferred.fromCoroutine(asked)
    deferred.addBoth(results.append)
    assert results, "no result yet"
    if isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0]
