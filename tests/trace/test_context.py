"""Which trace a request says that it belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.trace.context import TraceContext, read_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_the_example_of_the_specification() -> None:
    """W3C Trace Context, section 3.2.3."""
    assert read_traceparent(GOOD.encode()) == TraceContext(bytes.fromhex(TRACE), bytes.fromhex(SPAN), True)


@pytest.mark.parametrize(("value", "sampled"), [
    (f"00-{TRACE}-{SPAN}-00", False), (f"00-{TRACE}-{SPAN}-03", True), (f"00-{TRACE}-{SPAN}-fe", False),
    (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True), (f"cc-{TRACE}-{SPAN}-01", True),
])
def test_flags_and_later_versions(value: str, sampled: bool) -> None:
    """Of the flags the last bit counts; of a later version what is like the first one."""
    found = read_traceparent(value.encode())
    assert found is not None and found.sampled is sampled


@pytest.mark.parametrize("value", [
    "", "00", GOOD[:-1], GOOD + "0", GOOD + "-more", GOOD.upper(), " " + GOOD, GOOD + "\n", f"ff-{TRACE}-{SPAN}-01",
    f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"cc-{TRACE}-{SPAN}-01.more", f"00-{TRACE}-{SPAN}-0x",
    f"00_{TRACE}-{SPAN}-01", f"{GOOD},{GOOD}",
])
def test_what_is_malformed_means_nothing(value: str) -> None:
    """Section 4.3: then a new trace begins."""
    assert read_traceparent(value.encode()) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_not(value: bytes) -> None:
    """And never break anything."""
    assert read_traceparent(value) is None or len(value) >= 55


@given(st.binary(min_size=16, max_size=16).filter(any), st.binary(min_size=8, max_size=8).filter(any), st.booleans())
def test_what_is_written_is_read(trace_id: bytes, span_id: bytes, sampled: bool) -> None:
    """The same again."""
    context = TraceContext(trace_id, span_id, sampled)
    assert read_traceparent(context.value) == context
