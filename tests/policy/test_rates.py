"""How many requests somebody may send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.rates import Rate, RateTable

TEN = Rate(10.0, 50)


def test_a_burst_then_the_rate() -> None:
    """Fifty at once, then one each tenth of a second; who waits as long as is said gets one."""
    table = RateTable()
    assert [table.take("ann", TEN, 100.0) for _ in range(50)] == [0.0] * 50
    wait = table.take("ann", TEN, 100.0)
    assert abs(wait - 0.1) < 1e-6
    assert table.take("ann", TEN, 100.05) > 0.0
    assert table.take("ann", TEN, 100.0 + wait) == 0.0
    assert table.take("ann", TEN, 100.0 + wait) > 0.0
    assert [table.take("ann", TEN, 200.0) for _ in range(51)].count(0.0) == 50, "no more than the burst is saved"


def test_everybody_has_their_own() -> None:
    """A bucket that is empty is nobody else's."""
    table = RateTable()
    while table.take("ann", TEN, 0.0) == 0.0:
        pass
    assert table.take("bob", TEN, 0.0) == 0.0


@given(st.lists(st.floats(0, 2), max_size=200), st.floats(0.1, 100), st.integers(1, 50))
def test_never_more_than_the_bucket_gives(pauses: list[float], a_second: float, burst: int) -> None:
    """In any time: the burst and what the time brings. What is refused uses up nothing: the wait that is said is enough."""
    table, now, taken = RateTable(), 10.0, 0
    for pause in pauses:
        now += pause
        wait = table.take("ann", Rate(a_second, burst), now)
        if wait == 0.0:
            taken += 1
        elif table.take("ann", Rate(a_second, burst), now + wait) == 0.0:
            taken += 1
            now += wait
        else:
            raise AssertionError("it was said to be there by then")
        assert taken <= burst + (now - 10.0) * a_second + 1e-3


def test_memory_is_bounded() -> None:
    """And an empty bucket is not forgotten for many that were used once."""
    table = RateTable(most=100)
    while table.take("flood", TEN, 0.0) == 0.0:
        pass
    for number in range(10_000):
        table.take(number, TEN, 0.0)
    assert len(table) == 100
    assert table.take("flood", TEN, 0.0) > 0.0


def test_a_rate_that_is_raised() -> None:
    """Helps those at once who were refused before: they wait for no more than an empty bucket of the new rate does."""
    table = RateTable()
    while table.take("ann", Rate(0.01, 50), 100.0) == 0.0:
        pass
    wait = table.take("ann", TEN, 100.0)
    assert 0.0 < wait < 0.2
    assert table.take("ann", TEN, 100.0 + wait) == 0.0
    assert [table.take("ann", TEN, 106.0) for _ in range(51)].count(0.0) == 50


def test_a_clock_that_goes_back() -> None:
    """Costs nobody more than an empty bucket: it fills as ever."""
    table = RateTable()
    assert table.take("ann", TEN, 1_000_000.0) == 0.0
    wait = table.take("ann", TEN, 100.0)
    assert wait < 0.2 and table.take("ann", TEN, 100.0 + wait) == 0.0


def test_what_others_let_pass_is_owed() -> None:
    """As long as a bucket may owe anything; else an empty one is as empty as it gets."""
    table = RateTable()
    table.charge("ann", 7.0, 100.0)  # seventy of them: twenty more than there are
    assert abs(table.used("ann", 100.0) - 7.0) < 1e-9 and table.used("bob", 100.0) == 0.0
    alone = table.take("ann", TEN, 100.0)
    assert abs(alone - 0.1) < 1e-6
    table.owing = 30.0
    table.charge("ann", 2.0, 100.0)
    assert abs(table.take("ann", TEN, 100.0) - 2.1) < 1e-6 and table.take("ann", TEN, 102.11) == 0.0


def test_charges_forget_nobody_who_matters() -> None:
    """The table is bounded, whoever fills it."""
    table = RateTable(3)
    for number in range(9):
        table.charge(number, 1.0, 0.0)
    assert len(table) == 3
