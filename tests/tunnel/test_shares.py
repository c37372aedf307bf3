"""Fair shares: nobody keeps others from a place, whatever they hold and however they ask."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.tunnel.shares import (
    ADDRESS,
    FEW,
    SLOW_RATE,
    SLOW_SECONDS,
    SLOW_SECONDS_OVER,
    FairQueue,
    Held,
    Places,
    Repute,
    Tally,
    give_way,
)

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])


def anyone(key: bytes) -> bool:
    return True


def filled(most: int, **shares: int) -> Places:
    places = Places(most)
    for key, count in shares.items():
        for _ in range(count):
            places.take(key.encode())
    return places


def holding(key: str, count: int, *, stuck: bool = True, rate: float = 0.0, seconds: float = 60.0) -> list[Held[int]]:
    return [Held(key.encode(), number, stuck, rate, seconds) for number in range(count)]


@given(st.lists(st.tuples(KEYS, st.booleans())))
def test_a_tally_is_a_count(steps: list[tuple[bytes, bool]]) -> None:
    """It agrees with counting again, after whatever comes and goes."""
    tally, plain = Tally[bytes](), Counter[bytes]()
    for key, more in steps:
        if more:
            tally.add(key)
            plain[key] += 1
        elif plain[key]:
            tally.remove(key)
            plain[key] -= 1
        plain = +plain
        assert (tally.total, tally.most, len(tally)) == (plain.total(), max(plain.values(), default=0), len(plain))
        assert all(tally[one] == plain[one] for one in (b"a", b"b", b"c", b"d"))
        largest = tally.largest()
        assert (largest is None) == (not plain)
        assert largest is None or plain[largest] == tally.most


@given(st.integers(1, 300), st.lists(st.tuples(KEYS, st.booleans()), max_size=900))
def test_places_are_bounded_and_the_reserve_is_for_shares_that_hold_few(most: int, steps: list[tuple[bytes, bool]]) -> None:
    """Never more than there are; and a share that holds few is refused only when not one place is left."""
    places = Places(most)
    for key, more in steps:
        if more:
            if places.has_room(key):
                places.take(key)
            else:
                assert places.free == 0 or places.held(key) >= min(FEW, max(1, most // 4))
        elif places.held(key):
            places.give(key)
        assert 0 <= places.taken <= most


@given(st.integers(1, 1000), st.integers(1, 12))
def test_however_much_some_ask_for_a_newcomer_finds_a_place(most: int, greedy: int) -> None:
    """From four places on one user cannot keep another out, nor can three where the reserve is large enough for their few."""
    places = Places(most)
    for _ in range(most):
        for number in range(greedy):
            if places.has_room(b"%d" % number):
                places.take(b"%d" % number)
    if most >= 4 and (greedy == 1 or places.reserve > places.few * greedy):
        assert places.has_room(b"new")
    assert places.free <= places.reserve


@pytest.mark.parametrize("most", range(1, 70))
def test_one_user_alone_has_nearly_all_of_any_number(most: int) -> None:
    """Seven of eight places, at least three of four; all where there are fewer than four, and then one waits for another."""
    places = Places(most)
    while places.has_room(b"a"):
        places.take(b"a")
    assert (places.free, places.short) == (places.reserve, 0)
    assert places.reserve == (0 if most < 4 else max(1, most // 8))
    assert 1 <= places.few <= max(1, most // 4) and places.few <= FEW
    assert places.has_room(b"new") == (most >= 4)


@pytest.mark.parametrize("most", range(2, 70))
def test_of_any_number_one_user_gives_one_to_another_who_waits(most: int) -> None:
    """Whoever has all gives one up at the first look, however well their answers move; with an equal part, none."""
    places = filled(most, a=most)
    gone = give_way(places, holding("a", most, stuck=False), 1)
    assert [place.key for place in gone] == [b"a"]
    part = max(places.few, most // 3)
    places = filled(most, a=part, b=most - part)
    assert b"a" not in [place.key for place in give_way(places, holding("a", part, stuck=False), 1)]


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 8))
def test_however_many_addresses_leave_a_place_for_users(most: int, addresses: int, each: int) -> None:
    """Half of the reserve is theirs, three quarters once they have read an answer; the rest is for who has signed in."""
    for known, quarters in ((False, 2), (True, 3)):
        places = Places(most)
        for number in range(addresses):
            key = ADDRESS + b"%d" % number
            if known:
                places.repute.read(key, 0.0)
            for _ in range(each):
                if places.has_room(key):
                    places.take(key)
        assert places.free >= places.reserve - -(-places.reserve * quarters // 4)
        assert places.has_room(b"ann") or places.reserve < (2 if not known else 4)


def test_one_address_alone_has_as_much_as_a_user() -> None:
    """Only the reserve tells them apart."""
    for most in range(1, 70):
        places = Places(most)
        while places.has_room(b"@a"):
            places.take(b"@a")
        assert places.free == places.reserve


def test_who_had_to_give_way_gets_nothing_of_the_reserve_for_a_minute() -> None:
    """A user neither, and whatever is read meanwhile."""
    places = filled(64, x=56)
    for key in (b"@a", b"ann"):
        assert places.has_room(key)
        places.repute.gave_way(key, 100.0)
        places.repute.read(key, 101.0)
        assert not places.has_room(key) and not places.has_few(key)
        places.repute.forget(159.0)
        assert not places.has_room(key)
        places.repute.forget(160.0)
        assert places.has_room(key)
    places.give(b"x")
    places.repute.gave_way(b"@a", 200.0)
    assert places.has_room(b"@a"), "what is no reserve is for everybody"


def test_what_is_known_is_forgotten() -> None:
    """Ten minutes after the last answer that was read; and never more than some thousands are kept in mind."""
    repute = Repute()
    repute.read(b"@a", 0.0)
    repute.read(b"@b", 1.0)
    repute.read(b"@a", 2.0)
    repute.forget(601.0)
    assert [repute.is_trusted(key) for key in (b"@a", b"@b", b"ann")] == [True, False, True]
    repute.forget(602.0)
    assert not repute.is_trusted(b"@a")
    for number in range(5_000):
        repute.read(b"@%d" % number, 700.0)
        repute.gave_way(b"@x%d" % number, 700.0)
    assert sum(repute.is_trusted(b"@%d" % number) for number in range(5_000)) == 4_096
    assert sum(repute.is_blamed(b"@x%d" % number) for number in range(5_000)) == 4_096


@given(st.lists(st.tuples(KEYS, st.integers(0, 1000)), unique=True, max_size=60))
def test_rows_are_served_in_turn(items: list[tuple[bytes, int]]) -> None:
    """Each share in its order; between two turns of one share, every other that waits has one."""
    queue: FairQueue[bytes, tuple[bytes, int]] = FairQueue()
    for item in items:
        queue.push(item[0], item)
    served = []
    while (one := queue.pop(anyone)) is not None:
        served.append(one)
    assert len(queue) == 0 and queue.shares == 0
    for key in {key for key, _ in items}:
        assert [one for one in served if one[0] == key] == [one for one in items if one[0] == key]
    left = Counter(key for key, _ in items)
    turns = [key for key, _ in served]
    for at, key in enumerate(turns):
        try:
            following = turns.index(key, at + 1)
        except ValueError:
            continue
        between = set(turns[at + 1 : following])
        assert between >= {one for one in left if one != key and one in turns[following:]}


def test_a_share_that_may_have_none_does_not_hold_up_the_others() -> None:
    """Its row stays where it is."""
    queue: FairQueue[bytes, int] = FairQueue()
    for number in range(3):
        queue.push(b"a", number)
    queue.push(b"b", 9)
    assert queue.wanted(lambda key: key == b"b") == 1
    assert queue.pop(lambda key: key == b"b") == 9
    assert queue.pop(lambda key: key == b"b") is None
    assert [queue.pop(anyone) for _ in range(4)] == [0, 1, 2, None]


def test_who_leaves_waits_no_longer() -> None:
    """Twice is as once."""
    queue: FairQueue[bytes, int] = FairQueue()
    queue.push(b"a", 1)
    assert (queue.discard(b"a", 1), queue.discard(b"a", 1), queue.discard(b"b", 1)) == (True, False, False)
    assert len(queue) == 0 and queue.pop(anyone) is None


@given(st.lists(KEYS, max_size=60), KEYS)
def test_the_longest_row_makes_room(keys: list[bytes], key: bytes) -> None:
    """Its latest goes, unless whoever comes would have as long a row itself."""
    queue: FairQueue[bytes, int] = FairQueue()
    for number, one in enumerate(keys):
        queue.push(one, number)
    before = Counter(keys)
    gone = queue.crowd_out(key)
    if gone is None:
        assert before[key] + 1 >= max(before.values(), default=0)
    else:
        loser = keys[gone]
        assert loser != key and before[loser] == max(before.values()) > before[key]
        assert gone == max(number for number, one in enumerate(keys) if one == loser)
        assert len(queue) == len(keys) - 1


def test_without_need_nobody_gives_way() -> None:
    """A slow reader goes on while there is room for all."""
    assert give_way(filled(256, a=224), holding("a", 224), 0) == []


def test_slow_ones_make_the_reserve_free_again() -> None:
    """As many as are missing, of the largest share, the slowest first."""
    places = filled(256, a=220, b=20)
    held = holding("a", 219) + holding("a", 1, rate=-1.0) + holding("b", 20)
    gone = give_way(places, held, 0)
    assert len(gone) == places.short == 16
    assert {place.key for place in gone} == {b"a"} and gone[0].rate == -1.0


@pytest.mark.parametrize(("place", "goes"), [
    ({}, True),
    ({"rate": SLOW_RATE}, False),
    ({"stuck": False}, False),
    ({"seconds": SLOW_SECONDS_OVER - 0.1}, False),
    ({"seconds": SLOW_SECONDS_OVER}, True),
])
def test_who_is_slow(place: dict[str, Any], goes: bool) -> None:
    """Of a share that is over its part a short look is enough."""
    places = filled(64, a=60)
    assert bool(give_way(places, holding("a", 60, **place), 0)) is goes


@pytest.mark.parametrize(("seconds", "goes"), [(SLOW_SECONDS_OVER, False), (SLOW_SECONDS, True)])
def test_a_share_within_its_part_is_looked_at_for_longer(seconds: float, goes: bool) -> None:
    """A phone on a bad line takes its bytes in pieces."""
    shares = {f"u{number}": 4 for number in range(14)}
    held = [place for key in shares for place in holding(key, 4, seconds=seconds)]
    assert bool(give_way(filled(64, **shares), held, 4)) is goes


def test_where_addresses_can_get_nothing_more_all_are_looked_at_alike() -> None:
    """Half of the reserve is held: three seconds are enough."""
    shares = {f"u{number}": 4 for number in range(15)}
    held = [place for key in shares for place in holding(key, 4, seconds=SLOW_SECONDS_OVER)]
    assert len(give_way(filled(64, **shares), held, 4)) == 4


def test_where_none_is_slow_the_large_share_gives_way_to_those_who_wait() -> None:
    """What it holds beyond an equal part, those through which least goes; and no more than wait."""
    places = filled(64, a=40, b=24)
    held = holding("a", 39, stuck=False, rate=9.0) + holding("a", 1, stuck=False) + holding("b", 24, stuck=False)
    gone = give_way(places, held, 2)
    assert [place.key for place in gone] == [b"a", b"a"] and gone[0].rate == 0.0
    assert give_way(places, held, 0) == []


def test_who_is_going_already_counts() -> None:
    """Nobody goes for a place that is about to be free."""
    places = filled(64, a=60)
    held = holding("a", 56)
    assert places.short == 4
    assert [len(give_way(places, held, 0, going)) for going in (0, 3, 4, 9)] == [4, 1, 0, 0]


def test_for_newcomers_those_go_that_stand_still() -> None:
    """Of the largest shares of strangers, the longest first, never the last of one; nobody else, and no more than need it."""
    places = filled(64, **{"@a": 20, "@b": 10, "@c": 1, "ann": 20, "@known": 9})
    places.repute.read(b"@known", 0.0)
    held = [Held(key.encode(), number, True, 9e9, 1.0, 0.5 + number / 100)
            for key, count in (("@a", 2), ("@b", 9), ("@c", 1), ("ann", 20), ("@known", 9)) for number in range(count)]
    gone = give_way(places, held, 0, 0, 3)
    assert [(place.key, place.what) for place in gone] == [(b"@a", 1), (b"@a", 0), (b"@b", 8)]
    assert len(give_way(places, held, 0, 2, 3)) == 1 and give_way(places, held, 0) == []
    assert {place.key for place in give_way(places, held, 0, 0, 99)} == {b"@a", b"@b"}
    assert give_way(filled(64, **{"@c": 1}), [Held(b"@c", 0, True, 0.0, 1.0, 1.0)], 0, 0, 1) == []
    assert give_way(places, [Held(b"@a", 0, True, 9e9, 1.0, 0.4), Held(b"@a", 1, False, 9e9, 1.0, 9.0)], 0, 0, 2) == []


SHARES = st.dictionaries(st.sampled_from([f"u{number}" for number in range(12)]), st.integers(1, 60), min_size=1)


@given(SHARES, st.integers(0, 40), st.data())
def test_giving_way_is_for_others_and_for_no_more_than_need_it(shares: dict[str, int], waiting: int, data: Any) -> None:
    """Nobody goes without need, no more go than need it, and who is neither slow nor over their part never goes."""
    places = filled(256, **shares)
    held = [
        Held(key.encode(), number, data.draw(st.booleans()), data.draw(st.sampled_from([0.0, 9e9])), 60.0)
        for key, count in shares.items() for number in range(min(count, 3))
    ]
    gone = give_way(places, held, waiting)
    assert len(gone) <= max(0, places.short, waiting)
    assert len({id(place) for place in gone}) == len(gone)
    for place in gone:
        assert (place.stuck and place.rate < SLOW_RATE) or places.is_over(place.key)


@given(st.integers(16, 200), st.integers(1, 6), st.integers(1, 10))
def test_a_share_that_is_within_its_part_always_gets_there(most: int, hogs: int, wanted: int) -> None:
    """However few hold everything with answers that move well: those who wait get their places, look by look."""
    places = Places(most)
    holders: list[bytes] = []
    while places.free:
        key = b"hog%d" % (len(holders) % hogs)
        places.take(key)
        holders.append(key)
    part = max(FEW, most // (hogs + 2))
    got = 0
    for _ in range(wanted):
        if not places.free:
            held = [Held(key, number, False, 1e6, 60.0) for number, key in enumerate(holders)]
            for place in give_way(places, held, 1):
                places.give(place.key)
                holders.remove(place.key)
        if places.free:
            places.take(b"new")
            got += 1
    assert got >= min(wanted, part if max(Counter(holders).values()) > part else 0, FEW)
