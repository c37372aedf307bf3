"""When a connector counts as started."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from appproxy.connector.node import TurnedAway
from appproxy.twistd.welcome import PATIENCE, is_welcomed, said_when_ready


def waiting() -> tuple[Any, Clock, Deferred[bool]]:
    """A connector that was just started."""
    node: Any = SimpleNamespace(ready=Deferred())
    clock = Clock()
    return node, clock, Deferred.fromCoroutine(is_welcomed(node, clock))


def test_welcomed() -> None:
    """Nothing is left behind."""
    node, clock, found = waiting()
    node.ready.callback(None)
    assert found.result is True and clock.getDelayedCalls() == []
    assert said_when_ready("a:1", True) == "and connected to a:1"


def test_a_service_that_does_not_answer_stops_no_start() -> None:
    """It may come later, which harms nobody."""
    node, clock, found = waiting()
    clock.advance(PATIENCE)
    node.ready.callback(None)
    assert found.result is False and "does not answer yet" in said_when_ready("a:1", False)


def test_one_that_is_not_wanted_does_not_start() -> None:
    """The reason is the service's."""
    node, _, found = waiting()
    node.ready.errback(TurnedAway("revoked"))
    with pytest.raises(TurnedAway):
        found.result.raiseException()  # type: ignore[attr-defined]
    found.addErrback(lambda failure: None)
