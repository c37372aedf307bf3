"""Moments of RFC 3339."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.admin.base.moments import moment_text, read_moment
from appproxy.errors import ConfigError


@given(st.integers(0, 4_102_444_800))
def test_what_is_written_is_read(seconds: int) -> None:
    """Any whole second."""
    assert read_moment(moment_text(seconds), "expires") == seconds


@pytest.mark.parametrize(("text", "seconds"), [
    ("2026-07-01T00:00:00Z", 1782864000.0), ("2026-07-01T02:00:00+02:00", 1782864000.0),
    ("2026-07-01T00:00:00.999Z", 1782864000.0), ("2026-06-30T19:00:00-05:00", 1782864000.0),
])
def test_any_offset_and_part_of_a_second(text: str, seconds: float) -> None:
    """As RFC 3339 lets people write them; the whole second counts."""
    assert read_moment(text, "expires") == seconds


@pytest.mark.parametrize("text", [
    "", "tomorrow", "2026-07-01", "2026-07-01T00:00:00", "30d", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    "9" * 300])
def test_what_is_no_moment(text: str) -> None:
    """Named with its field, and how it is to be written."""
    with pytest.raises(ConfigError, match=r"^expires: .*; write it as 2026-12-24T18:00:00Z"):
        read_moment(text, "expires")
