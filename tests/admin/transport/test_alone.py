"""Long questions, one at a time."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from appproxy.admin.base.problem import Busy
from appproxy.admin.transport.alone import Alone
from appproxy.errors import StoreError


def test_the_next_one_is_refused_until_the_first_is_done() -> None:
    """Then it is its turn; an error frees the place, too."""
    alone = Alone()
    handed: list[Any] = []

    def read(do: Any) -> Deferred[str]:
        handed.append(do)
        return Deferred()

    alone.read(read, lambda reading: "first")
    for _ in range(2):
        with pytest.raises(Busy, match="ask again"):
            alone.read(read, lambda reading: "second")
    assert len(handed) == 1 and handed[0](None) == "first"
    alone.check()

    def failing(reading: object) -> str:
        raise StoreError("no")

    alone.read(read, failing)
    with pytest.raises(StoreError):
        handed[1](None)
    alone.check()


def test_the_thread_is_waited_for() -> None:
    """Whoever asked is told that it takes too long, but the thread is still at it: until then the next one is refused."""
    alone = Alone()
    told: list[object] = []
    answer: Deferred[str] = Deferred()

    def long(reading: object) -> str:
        answer.errback(StoreError("too late"))
        with pytest.raises(Busy):
            alone.check()
        return "done"

    def read(do: Any) -> Deferred[str]:
        told.append(do)
        return answer

    alone.read(read, long).addErrback(lambda failure: told.append(failure.type))
    told[0](None)  # type: ignore[operator]
    assert told[1] is StoreError
    alone.check()


def test_what_never_began_frees_the_place() -> None:
    """The store's thread had too much to do."""
    alone = Alone()
    alone.read(lambda do: fail(StoreError("full")), lambda reading: None).addErrback(lambda failure: None)
    alone.check()
    alone.read(lambda do: succeed(do(None)), lambda reading: None)
    alone.check()
