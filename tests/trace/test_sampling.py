"""Which requests are traced, and what strangers can do about it."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.trace.context import TraceContext
from appproxy.trace.sampling import FOLLOW, IGNORE, JOIN, Sampler, context_of, with_context

SAMPLED = TraceContext(b"t" * 16, b"s" * 8, True)
UNSAMPLED = TraceContext(b"t" * 16, b"s" * 8, False)
FIELD = (b"traceparent", SAMPLED.value)


def sampler(users: str, drawn: float = 0.5, ratio: float = 0.1) -> Sampler:
    """One whose luck is known."""
    return Sampler(ratio, users, lambda: drawn, secrets.token_bytes)


@pytest.mark.parametrize("users", [IGNORE, JOIN])
def test_no_stranger_forces_a_trace(users: str) -> None:
    """Nor prevents one: their flag counts for nothing, and neither does the trace id that they have chosen."""
    assert sampler(users).draw(SAMPLED, b"") is None
    assert sampler(users, drawn=0.05).draw(UNSAMPLED, b"") is not None


def test_a_trace_of_our_own_links_to_theirs() -> None:
    """And has nothing else of it."""
    sample = sampler(IGNORE, 0.0).draw(SAMPLED, b"vendor=1")
    assert sample is not None and sample.context.sampled
    assert sample.context.trace_id != SAMPLED.trace_id and (sample.parent, sample.state) == (b"", b"")
    assert sample.link == SAMPLED


def test_one_that_joins_is_their_child() -> None:
    """With their state, as the specification wants it."""
    sample = sampler(JOIN, 0.0).draw(UNSAMPLED, b"vendor=1")
    assert sample is not None and sample.context.trace_id == SAMPLED.trace_id and sample.context.sampled
    assert (sample.parent, sample.state, sample.link) == (SAMPLED.span_id, b"vendor=1", None)
    assert sample.context.span_id != SAMPLED.span_id


def test_who_is_followed_says_so() -> None:
    """Both ways; where nothing is said, it is drawn."""
    assert sampler(FOLLOW, drawn=0.99).draw(SAMPLED, b"") is not None
    assert sampler(FOLLOW, drawn=0.0).draw(UNSAMPLED, b"") is None
    assert sampler(FOLLOW, drawn=0.05).draw(None, b"") is not None
    assert sampler(FOLLOW, drawn=0.5).draw(None, b"") is None


@pytest.mark.parametrize(("ratio", "drawn", "traced"), [(0.0, 0.0, False), (1.0, 0.999999, True)])
def test_none_and_all(ratio: float, drawn: float, traced: bool) -> None:
    """At the ends of the scale there is no luck."""
    assert (sampler(IGNORE, drawn, ratio).draw(None, b"") is not None) is traced


@pytest.mark.parametrize(("fields", "expected"), [
    ([FIELD], (SAMPLED, b"", False)),
    ([FIELD, (b"tracestate", b"a=1"), (b"x", b"y"), (b"tracestate", b"b=2")], (SAMPLED, b"a=1,b=2", False)),
    ([FIELD, FIELD], (None, b"", True)),
    ([(b"tracestate", b"a=1")], (None, b"", False)),
    ([(b"traceparent", b"nonsense"), (b"tracestate", b"a=1")], (None, b"", True)),
    ([], (None, b"", False)),
])
def test_what_fields_say(fields: list[tuple[bytes, bytes]], expected: tuple[TraceContext | None, bytes, bool]) -> None:
    """Two contexts are none."""
    assert context_of(fields) == expected


@given(st.lists(st.tuples(st.sampled_from([b"traceparent", b"tracestate", b"x"]), st.binary(max_size=60))), st.booleans())
def test_what_is_put_in_is_what_is_found(fields: list[tuple[bytes, bytes]], with_state: bool) -> None:
    """Whatever was there before; the list itself is another's, and stays as it is."""
    before = list(fields)
    state = b"a=1" if with_state else b""
    assert context_of(with_context(fields, UNSAMPLED, state)) == (UNSAMPLED, state, False)
    assert fields == before
