"""Asking for a turn, and waiting for it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from appproxy.connector.enrol.control import ControlError, UpdateTurn
from appproxy.connector.enrol.turn import ASK_EVERY, wait_for_turn
from appproxy.errors import ConfigError

NOT_YET, NOW = UpdateTurn(False, 0.0, "web-2 is updated now"), UpdateTurn(True, 99.0, "")


class Service:
    """Gives these answers, one after the other; the last one again and again."""

    def __init__(self, *answers: UpdateTurn | Exception) -> None:
        self.answers, self.asked = list(answers), list[bool]()

    async def update_lease(self, *, done: bool = False) -> UpdateTurn:
        self.asked.append(done)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def waiting(service: Service, patience: float, *, done: bool = False) -> tuple[Clock, list[Any]]:
    """Who waits so long, and what came of it."""
    clock, results = Clock(), list[Any]()
    Deferred.fromCoroutine(wait_for_turn(cast(Any, service), clock, patience, done=done)).addBoth(results.append)
    return clock, results


def test_without_patience_the_first_answer_counts() -> None:
    """Whatever it is."""
    assert waiting(Service(NOT_YET), 0.0)[1] == [NOT_YET] and waiting(Service(NOW), 0.0)[1] == [NOW]


def test_it_asks_until_it_is_its_turn() -> None:
    """Every now and then; and gives up in time."""
    service = Service(NOT_YET, NOT_YET, NOW)
    clock, results = waiting(service, 60.0)
    for _ in range(2):
        assert results == []
        clock.advance(ASK_EVERY)
    assert results == [NOW] and len(service.asked) == 3
    clock, results = waiting(Service(NOT_YET), 40.0)
    clock.pump([ASK_EVERY] * 2)
    assert results == [NOT_YET]


def test_who_is_done_does_not_wait() -> None:
    """And says so once."""
    service = Service(NOT_YET)
    assert waiting(service, 600.0, done=True)[1] == [NOT_YET] and service.asked == [True]


@pytest.mark.parametrize(("status", "kind", "words"), [(404, ConfigError, "not know of turns"), (403, ControlError, "no")])
def test_a_refusal(status: int, kind: type[Exception], words: str) -> None:
    """An old service knows of no turns: the fix is named. Others' reasons are passed on."""
    (failure,) = waiting(Service(ControlError("no", status)), 60.0)[1]
    with pytest.raises(kind, match=words):
        failure.raiseException()
