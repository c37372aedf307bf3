"""Who gets the next connection, and when a worker is started again."""

from __future__ import annotations

from appproxy.twistd.workers.crew import (
    LIVED,
    LONGEST_DELAY,
    MOST_UNTAKEN,
    MOST_WITH_COMMANDS,
    MOST_WITH_CONNECTORS,
    SETTLE_SECONDS,
    UNANSWERED,
    Crew,
    Delays,
    Member,
)


def crew(count: int, ready: float = 0.0) -> Crew:
    """So many workers that serve."""
    found = Crew()
    for number in range(count):
        member = found.join(0)
        member.ready, member.node = ready, f"node{number + 1}"
    return found


def users(found: Crew, count: int, now: float = 100.0) -> list[int]:
    """Who gets so many connections of users, each taken at once."""
    got = [found.next_for_user(now) for _ in range(count)]
    return [0 if one is None else one.number for one in got]


def test_users_are_shared_out_in_turn() -> None:
    """As many to each: a worker that was started again gets no more than others."""
    found = crew(3)
    assert users(found, 6) == [1, 2, 3, 1, 2, 3]
    found.members.pop(1)
    member = found.join(0)
    member.ready = 0.0
    assert member.number == 2 and sorted(users(found, 6)) == [1, 1, 2, 2, 3, 3]


def test_who_does_not_take_gets_no_more() -> None:
    """One that is busy gets less, one that is frozen nothing after a while; if all are, connections wait."""
    found = crew(2)
    found.members[0].untaken = 1
    assert users(found, 2) == [2, 2]
    found.members[0].untaken = found.members[1].untaken = MOST_UNTAKEN
    assert users(found, 1) == [0]


def test_a_flood_of_users_keeps_nobody_else_out() -> None:
    """Connectors have places of their own at each worker, and commands have others beside those."""
    found = crew(2)
    for one in found.members:
        one.untaken = MOST_UNTAKEN
    assert found.next_for_connector("node1") is found.members[0] and found.next_for_connector("") is not None
    for one in found.members:
        one.untaken = MOST_WITH_CONNECTORS
    assert found.next_for_connector("node1") is None and found.next_for_connector("") is None
    assert found.for_commands(100.0) is found.members[0]
    found.members[0].untaken = MOST_WITH_COMMANDS
    assert found.for_commands(100.0) is found.members[1]
    found.members[1].untaken = MOST_WITH_COMMANDS
    assert found.for_commands(100.0) is None


def test_connectors_get_the_node_that_they_mean() -> None:
    """Also one that leaves, for what it has under way; whoever means nobody that is there gets any."""
    found = crew(3)
    found.members[2].leaves = True

    def got(node: str) -> int:
        member = found.next_for_connector(node)
        return 0 if member is None else member.number

    assert [got("node3") for _ in range(3)] == [3, 3, 3]
    assert {got(""), got("gone"), got("connect"), got("")} == {1, 2}


def test_a_new_worker_gets_users_when_connectors_know_it() -> None:
    """Unless there is no other."""
    found = crew(2)
    found.members[1].ready = 99.5
    assert users(found, 2) == [1, 1]
    assert users(found, 2, 99.5 + SETTLE_SECONDS) == [2, 1]
    found.members[0].leaves = True
    assert users(found, 1) == [2]


def test_another_generation_takes_over_at_once() -> None:
    """Its numbers are those that nobody has; the former gets no user and no command more."""
    found = crew(2)
    new = [found.join(1), found.join(1)]
    assert [one.number for one in new] == [3, 4] and not found.are_ready(1, 2)
    for one in new:
        one.ready = 50.0
    assert found.are_ready(1, 2) and set(users(found, 4)) == {1, 2}
    found.generation = 1
    assert set(users(found, 4)) == {3, 4}
    commands = found.for_commands(100.0)
    assert commands is not None and commands.number == 3
    assert found.is_ready()
    found.generation = 2
    assert not found.is_ready() and found.for_commands(100.0) is None


def test_commands_go_to_one_worker() -> None:
    """What one command has changed the next one sees."""
    found = crew(3)
    assert found.for_commands(100.0) is found.members[0]
    found.members[0].leaves = True
    assert found.for_commands(100.0) is found.members[1]


def test_commands_go_to_a_worker_that_answers() -> None:
    """Not to one that is stuck, as soon as that is known; if all are, they wait."""
    found = crew(2)
    found.members[0].untaken, found.members[0].oldest = 1, 100.0
    assert found.for_commands(100.0 + UNANSWERED - 0.1) is found.members[0]
    assert found.for_commands(100.0 + UNANSWERED) is found.members[1]
    found.members[1].oldest = 100.0
    assert found.for_commands(100.0 + UNANSWERED) is None


def test_what_ends_again_and_again_is_started_less_often() -> None:
    """At once the first time, and again at once after one that has lived."""
    delays = Delays()
    quick = [delays.next(0.1) for _ in range(12)]
    assert quick == sorted(quick) and quick[:3] == [0.25, 0.5, 1.0] and quick[-1] == LONGEST_DELAY
    assert delays.next(LIVED) == 0.25
    assert Member(1, 0).ready is None
