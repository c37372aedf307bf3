"""For how long an answer asks us to wait."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.http.retry_after import wait_asked_for

NOW = 1782864000.9


@pytest.mark.parametrize(("text", "seconds"), [
    ("120", 120.0), (" 5 ", 5.0), ("0", 0.0), ("007", 7.0), ("000000000000030", 30.0), ("999999999999", 3600.0), (None, 0.0),
    ("soon", 0.0), ("-1", 0.0), ("", 0.0), ("\xb2", 0.0), ("nan", 0.0), ("inf", 0.0),
    (formatdate(NOW + 60, usegmt=True), 59.1), (formatdate(NOW - 60, usegmt=True), 0.0),
    ("Wed, 01 Jul 9999 00:00:00 GMT", 3600.0),
])
def test_retry_after(text: str | None, seconds: float) -> None:
    """Seconds or a date, up to a bound; what cannot be read is no wish."""
    values = None if text is None else [text.encode("latin-1")]
    assert wait_asked_for(values, NOW, 3600.0) == pytest.approx(seconds)


@given(st.lists(st.binary() | st.text().map(str.encode) | st.from_regex(rb"[0-9]{1,30}", fullmatch=True)))
def test_no_bytes_break_it(values: list[bytes]) -> None:
    """Whatever a receiver says."""
    assert 0 <= wait_asked_for(values, NOW, 300.0) <= 300
