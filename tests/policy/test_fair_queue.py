"""Who sends much waits for themselves."""

from __future__ import annotations

from collections import Counter

from appproxy.policy.fair_queue import Lane, LaneQueue


def drained(queue: LaneQueue[str], count: int = 1000) -> list[str]:
    """What is done next, one after the other."""
    found: list[str] = []
    while len(found) < count and (work := queue.take()) is not None:
        found.append(work)
    return found


def test_senders_take_turns() -> None:
    """One piece of work of a second sender waits for one of the first, not for all."""
    queue: LaneQueue[str] = LaneQueue(100, 100)
    for number in range(10):
        queue.put(Lane.STRANGER, "greedy", f"greedy {number}")
    queue.put(Lane.STRANGER, "modest", "modest 0")
    assert drained(queue, 3) == ["greedy 0", "modest 0", "greedy 1"]


def test_lanes_get_turns_by_weight() -> None:
    """Known devices come first and most, and yet no lane starves."""
    queue: LaneQueue[str] = LaneQueue(100, 100)
    for lane in Lane:
        for _ in range(100):
            queue.put(lane, "one", lane.name)
    assert drained(queue, 1) == ["DEVICE"]
    assert Counter(drained(queue, 150)) == {"DEVICE": 80, "STANDING": 40, "STRANGER": 20, "DOUBTFUL": 10}


def test_a_flood_of_strangers_leaves_known_devices_their_place() -> None:
    """Each lane has its own bound."""
    queue: LaneQueue[str] = LaneQueue(10, 10)
    for number in range(100):
        queue.put(Lane.STRANGER, f"stranger {number}", "x")
    assert queue.put(Lane.DEVICE, "known", "known") == []
    assert drained(queue, 1) == ["known"]


def test_a_full_lane_drops_what_the_greediest_sent_last() -> None:
    """Who comes with less takes the place; who comes with as much does not."""
    queue: LaneQueue[str] = LaneQueue(4, 10)
    for number in range(4):
        assert queue.put(Lane.STRANGER, "greedy", f"greedy {number}") == []
    assert queue.put(Lane.STRANGER, "modest", "modest 0") == ["greedy 3"]
    assert queue.put(Lane.STRANGER, "modest", "modest 1") == ["greedy 2"]
    assert queue.put(Lane.STRANGER, "greedy", "greedy 4") == ["greedy 4"]
    assert queue.put(Lane.STRANGER, "modest", "modest 2") == ["modest 2"]
    assert queue.put(Lane.STRANGER, "third", "third 0") == ["greedy 1"]
    assert len(queue) == 4
    assert sorted(drained(queue)) == ["greedy 0", "modest 0", "modest 1", "third 0"]
    assert queue.take() is None
    assert len(queue) == 0


def test_of_one_sender_only_so_many() -> None:
    """Also while there is room."""
    queue: LaneQueue[str] = LaneQueue(100, 2)
    assert [queue.put(Lane.DEVICE, "one", str(number)) for number in range(3)] == [[], [], ["2"]]
