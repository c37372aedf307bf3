"""The same thing is said once a minute."""

from __future__ import annotations

from appproxy.net.loop.seldom import LogThinning


def test_once_a_minute_and_subject() -> None:
    """One subject does not silence another."""
    seldom = LogThinning()
    assert [seldom.is_due(*each) for each in (("a", 0.0), ("a", 59.9), ("b", 59.9), ("a", 60.0))] == [True, False, True, True]


def test_memory_is_bounded() -> None:
    """Whoever was spoken of longest ago is forgotten."""
    seldom = LogThinning(most=2)
    assert all(seldom.is_due(subject, 0.0) for subject in "abc")
    assert seldom.is_due("a", 0.0) and not seldom.is_due("c", 0.0)
