"""One application at two addresses, and one whose connections are few."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent import futures

import pytest

from tests.end_to_end.origins import Call, Origin
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PATIENCE, World, until


@pytest.fixture
def pair(world: World) -> Iterator[tuple[Origin, Origin]]:
    """Both addresses of the application `pair`."""
    first, second = Origin(), Origin()
    world.publish("pair", first.url, "--preauth", "passthrough", "--set", f"origins={second.url}",
                  "--set", "health_path=/well", "--set", "health_interval=1")
    visitor = Visitor(world.port, world.anchor)
    until(lambda: visitor.get(world.url("pair")).status == 200, "the application did not answer")
    yield first, second
    world.admin("app", "remove", "pair")
    first.stop()
    second.stop()


def _ordinary(origin: Origin) -> int:
    return sum(1 for seen in origin.seen if seen.target == b"/page")


def test_both_get_requests(world: World, visitor: Visitor, pair: tuple[Origin, Origin]) -> None:
    """In turn, but for a health check that just then makes one of them busier."""
    for _ in range(20):
        assert visitor.get(world.url("pair", "/page")).status == 200
    first, second = (_ordinary(origin) for origin in pair)
    assert first + second == 20
    assert abs(first - second) <= 4


def test_one_goes_and_nobody_notices(world: World, pair: tuple[Origin, Origin]) -> None:
    """While eight users send forms, one address is gone: all of them are answered."""
    # A connection that waits to be accepted while its listener ends is reset, and nobody knows whether a form was read.
    between = threading.Barrier(8, pair[1].refuse)

    def once(call: Call) -> bool:
        call.answer(call.body(), fields="Connection: close\r\n")
        return False

    for origin in pair:  # so that each request needs a connection of its own, and meets the closed door
        origin.on("/page", once)

    def visit(_: int) -> list[int]:
        mine = Visitor(world.port, world.anchor)
        found = []
        for turn in range(30):
            if turn == 10:
                between.wait(PATIENCE)
            found.append(mine.request("POST", world.url("pair", "/page"), {}, b"x" * 10).status)
        return found

    with futures.ThreadPoolExecutor(8) as pool:
        statuses = [status for found in pool.map(visit, range(8)) for status in found]
    assert statuses == [200] * 240
    assert 0 < _ordinary(pair[1]) < _ordinary(pair[0])


def test_one_that_is_not_well(world: World, visitor: Visitor, pair: tuple[Origin, Origin]) -> None:
    """It says so under its health path, and gets no requests until it says otherwise."""
    def unwell(call: Call) -> bool:
        call.answer(status="503 Service Unavailable")
        return True

    def well(call: Call) -> bool:
        call.answer()
        return True

    def turns() -> int:
        before = _ordinary(pair[1])
        for _ in range(4):
            visitor.get(world.url("pair", "/page"))
        return _ordinary(pair[1]) - before

    pair[1].on("/well", unwell)
    until(lambda: turns() == 0, "an address that is not well still gets requests")
    pair[1].on("/well", well)
    until(lambda: turns() == 2, "an address that is well again gets no requests")


def test_few_connections(world: World) -> None:
    """With two at most, eight users at a time are all served, two by two; who waits too long is told why."""
    origin = Origin()
    lock, state = threading.Lock(), {"now": 0, "most": 0}

    def slow(call: Call) -> bool:
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        time.sleep(0.1)
        with lock:
            state["now"] -= 1
        call.answer(b"done")
        return True

    origin.on("/slow", slow)
    world.publish("few", origin.url, "--preauth", "passthrough", "--set", "max_connections=2", "--set", "backend_timeout=3")
    try:
        first = Visitor(world.port, world.anchor)
        until(lambda: first.get(world.url("few")).status == 200, "the application did not answer")

        def visit(number: int) -> list[int]:
            mine = Visitor(world.port, world.anchor)
            return [mine.get(world.url("few", "/slow")).status for _ in range(3)]

        with futures.ThreadPoolExecutor(8) as pool:
            assert [status for found in pool.map(visit, range(8)) for status in found] == [200] * 24
        assert state["most"] <= 2

        def too_slow(call: Call) -> bool:
            time.sleep(3.5)
            return True

        origin.on("/slow", too_slow)
        with futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: Visitor(world.port, world.anchor).get(world.url("few", "/slow")), range(3)))
        waited = [answer for answer in answers if "connection_limit_reached" in answer.headers["Proxy-Status"]]
        assert [(answer.status, answer.headers["Retry-After"]) for answer in waited] == [(503, "5")]
    finally:
        world.admin("app", "remove", "few")
        origin.stop()
