"""Stages that make a request wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred, succeed

from appproxy.errors import Code, RequestError
from appproxy.policy.rates import Rate
from appproxy.publish.routing import Router
from appproxy.service.dispatch import ANSWERED, Dispatcher, ErrorPages, InboundRequest, Outcome, Stage
from appproxy.service.dispatch.dispatcher import WAIT_SECONDS
from appproxy.service.dispatch.order import stages
from appproxy.service.dispatch.stage import Decided
from tests.service.dispatch.stage_fakes import OPEN
from tests.service.dispatch.test_order import parts
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import World, requests


class Slow(Stage):
    """Waits for what the test decides."""

    name = "slow"

    def __init__(self) -> None:
        self.asked: list[InboundRequest] = []
        self.cancelled = 0
        self.outcome: Deferred[Decided] = Deferred(self._cancel)

    def _cancel(self, outcome: Deferred[Decided]) -> None:
        self.cancelled += 1

    def handle(self, request: InboundRequest) -> Outcome:
        self.asked.append(request)
        return self.outcome


class SlowNode(World):
    """A node with slow stages before one of the usual ones."""

    def __init__(self, *slow: Stage, before: str = "relay", rate: Rate | None = None) -> None:
        super().__init__(applications=(OPEN,))
        order = list(stages(parts(self.relay, rate)))
        place = [stage.name for stage in order].index(before)
        order[place:place] = slow
        self.dispatcher = Dispatcher(order, ErrorPages(), self, lambda: 1e9, self.clock)
        self.connector = self.welcomed()

    def ask(self) -> FakeExchange:
        """A request."""
        exchange = FakeExchange(head_for("https://wiki.example.com/page"))
        self.dispatcher(exchange)
        return exchange


@pytest.mark.parametrize("before", ["connection", "route", "authentication", "relay"])
def test_a_request_goes_on_when_its_stage_has_decided(before: str) -> None:
    """Once, and the stage is not asked again."""
    slow = Slow()
    slow_node = SlowNode(slow, before=before)
    exchange = slow_node.ask()
    assert not requests(slow_node.connector.frames()) and not exchange.over
    slow.outcome.callback(None)
    assert [target for _, target in requests(slow_node.connector.frames())] == [b"/page"]
    assert len(slow.asked) == 1
    soon = slow_node.clock.seconds() + 1
    assert all(call.getTime() < soon for call in slow_node.clock.getDelayedCalls()), "a time-out is left"


def test_two_that_wait() -> None:
    """One after the other."""
    first, second = Slow(), Slow()
    slow_node = SlowNode(first, second)
    slow_node.ask()
    first.outcome.callback(None)
    assert len(second.asked) == 1 and not requests(slow_node.connector.frames())
    second.outcome.callback(None)
    assert requests(slow_node.connector.frames())
    assert (len(first.asked), len(second.asked)) == (1, 1)


def test_one_that_need_not_wait() -> None:
    """A Deferred that has fired already."""
    slow = Slow()
    slow.outcome = succeed(None)
    slow_node = SlowNode(slow)
    slow_node.ask()
    assert requests(slow_node.connector.frames())


def test_what_has_changed_meanwhile_counts() -> None:
    """What is no longer published when the wait is over is not reached."""
    slow = Slow()
    slow_node = SlowNode(slow)
    exchange = slow_node.ask()
    slow_node.snapshot = replace(slow_node.snapshot, router=Router([]), applications={})
    slow.outcome.callback(None)
    assert exchange.failure is Code.UNKNOWN_HOST and not requests(slow_node.connector.frames())


def test_a_stage_may_answer_late() -> None:
    """By itself, or by an error."""
    slow = Slow()
    exchange = SlowNode(slow).ask()
    exchange.answer(200, b"", b"from the stage")
    slow.outcome.callback(ANSWERED)
    assert exchange.content == b"from the stage"
    slow = Slow()
    exchange = SlowNode(slow).ask()
    slow.outcome.errback(RequestError(Code.SHARE_EXCEEDED, "too many"))
    assert (exchange.failure, exchange.detail) == (Code.SHARE_EXCEEDED, "too many")


def test_a_fault_is_a_page() -> None:
    """Whatever it is."""
    slow = Slow()
    exchange = SlowNode(slow).ask()
    slow.outcome.errback(ZeroDivisionError("secret"))
    assert exchange.status == 500 and b"secret" not in exchange.content


def test_nobody_waits_for_ever() -> None:
    """The stage is given up, and the log names it."""
    slow = Slow()
    slow_node = SlowNode(slow)
    exchange = slow_node.ask()
    slow_node.clock.advance(WAIT_SECONDS - 1)
    assert not exchange.over
    slow_node.clock.advance(1)
    assert exchange.failure is Code.INTERNAL and "slow" in exchange.detail and slow.cancelled == 1


def test_a_user_who_leaves_is_not_waited_for() -> None:
    """The stage hears of it, and nothing reaches a connector."""
    slow = Slow()
    slow_node = SlowNode(slow)
    exchange = slow_node.ask()
    exchange.leave()
    assert slow.cancelled == 1 and not requests(slow_node.connector.frames()) and exchange.status == 0


def test_one_that_waits_is_counted_once() -> None:
    """Where each may send one request, it is not one too many when it goes on, whichever stage has made it wait."""
    for before in ("connection", "route", "relay"):
        slow = Slow()
        slow_node = SlowNode(slow, before=before, rate=Rate(1.0, 1))
        exchange = slow_node.ask()
        slow.outcome.callback(None)
        assert [target for _, target in requests(slow_node.connector.frames())] == [b"/page"], exchange.detail
        slow.outcome = succeed(None)
        second = slow_node.ask()
        assert second.status == 429, "which was counted, all the same"
        assert second.block.count(b"retry-after: ") == second.block.count(b"retry-after: 1\n") == 1, second.block
