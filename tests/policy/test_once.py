"""What may happen once."""

from __future__ import annotations

from appproxy.policy.once import Once


def test_once_in_a_lifetime() -> None:
    """The second time is refused until the first is forgotten, and asking does not make it last longer."""
    once = Once(10.0, 100)
    assert [once.first("a", now) for now in (0.0, 1.0, 9.9, 10.0)] == [True, False, False, True]
    assert once.first("b", 10.0)


def test_memory_is_bounded() -> None:
    """Of too many the oldest is forgotten."""
    once = Once(10.0, 3)
    assert all(once.first(number, 0.0) for number in range(4))
    assert len(once) == 3
    assert not once.first(3, 0.0)
    assert once.first(0, 0.0)
    once.first("later", 10.0)
    assert len(once) == 1
