"""How much is sent at once, and how long a destination is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.export.pace import MOST_ENTRIES, MOST_REFUSED, REFUSED_IN, SAME_ANSWERS, BatchSize, retry_delay


def test_waits_grow_to_a_minute() -> None:
    """One second, then twice as long each time."""
    assert [retry_delay(failures, 0.0) for failures in (1, 2, 3, 7, 8, 1000)] == [1.0, 2.0, 4.0, 60.0, 60.0, 60.0]


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 3600))
def test_never_before_it_is_asked_for(failures: int, chance: float, asked_for: float) -> None:
    """What the receiver wants is kept, and chance only adds, by a half at most."""
    wait = retry_delay(failures, chance, asked_for)
    least = max(asked_for, retry_delay(failures, 0.0))
    assert least <= wait <= least * 1.5


def refused_in(size: BatchSize, entries: list[bool]) -> list[int]:
    """Send entries, True for one that is refused with all that go with it; gives the places of those that are left out."""
    at, out = 0, []
    while at < len(entries):
        sent = entries[at : at + size.now]
        if not any(sent):
            size.taken()
            at += len(sent)
        elif size.give_up(len(sent), 0.0):
            out.append(at)
            at += 1
        elif len(sent) == 1:
            break
    return out


@given(st.lists(st.booleans(), max_size=300).filter(lambda entries: sum(entries) <= MOST_REFUSED))
def test_those_at_fault_are_found(entries: list[bool]) -> None:
    """They alone are left out, and all others arrive."""
    assert refused_in(BatchSize(), entries) == [place for place, at_fault in enumerate(entries) if at_fault]


def test_one_that_refuses_everything_gets_nothing_more() -> None:
    """After ten that were refused one by one, the others wait: the fault is not theirs."""
    assert refused_in(BatchSize(), [True] * 1000) == list(range(MOST_REFUSED))


def test_batches_grow_again() -> None:
    """When entries are taken."""
    size = BatchSize()
    assert not size.give_up(MOST_ENTRIES, 0.0)
    assert size.now == MOST_ENTRIES // 2
    size.taken()
    assert size.now == MOST_ENTRIES


def test_what_was_refused_long_ago_is_forgotten() -> None:
    """So that more than ten bad entries in a row hold up all others for an hour, and not for ever."""
    size = BatchSize()
    assert [size.give_up(1, float(second)) for second in range(12)] == [True] * MOST_REFUSED + [False] * 2
    assert not size.give_up(1, REFUSED_IN - 1)
    assert size.give_up(1, REFUSED_IN + MOST_REFUSED)


def test_when_an_entry_is_suspected() -> None:
    """The same answer to the same entries, again and again; then at once, until much has arrived or it is acquitted."""
    size = BatchSize()
    assert not any(size.suspects(number, "403") for number in range(100))
    assert not any(size.suspects(7, answer) for _ in range(100) for answer in ("403", "404"))
    assert [size.suspects(8, "403") for _ in range(SAME_ANSWERS)] == [False] * (SAME_ANSWERS - 1) + [True]
    size.give_up(MOST_ENTRIES, 0.0)
    assert size.suspects(9, "403") and not size.suspects(9, "404")
    size.taken()
    assert size.suspects(9, "403"), "it is looked for yet"
    size.taken()
    assert not size.suspects(9, "403"), "as many as ever have arrived"
    assert [size.suspects(8, "403") for _ in range(SAME_ANSWERS)][-1]
    size.acquit()
    assert not size.suspects(8, "403")
