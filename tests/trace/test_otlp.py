"""The bytes of spans, read by the official definition of OTLP."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.trace.context import TraceContext
from appproxy.trace.otlp import encode_export, encode_span
from appproxy.trace.span import Span, SpanKind, Value
from tests.trace.collected import collected

CONTEXT = TraceContext(b"t" * 16, b"s" * 8, True)
RESOURCE = {"service.name": "appproxy-service"}
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_values = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), _texts)


def export(*spans: Span) -> bytes:
    """An export of these."""
    return encode_export(RESOURCE, "appproxy", "1", [encode_span(span) for span in spans])


def test_a_span_with_everything() -> None:
    """Comes out as it went in."""
    span = Span(CONTEXT, b"p" * 8, SpanKind.CLIENT, 1782864000.25, "GET wiki", 1782864001.5, "a=1,b=2", True)
    span.attributes |= {"text": "ä", "whole": -3, "truth": False, "number": 0.5}
    span.happened(1782864001.0, "retried", attempt=2)
    span.links.append(TraceContext(b"u" * 16, b"v" * 8, False))
    (found,) = collected(export(span))
    assert (found.service, found.trace, found.id, found.parent) == (
        "appproxy-service", (b"t" * 16).hex(), (b"s" * 8).hex(), (b"p" * 8).hex())
    assert (found.name, found.kind, found.state, found.failed, found.flags) == ("GET wiki", 3, "a=1,b=2", True, 1)
    assert (found.begin, found.end) == (1782864000_250_000_000, 1782864001_500_000_000)
    assert found.attributes == {"text": "ä", "whole": -3, "truth": False, "number": 0.5}
    assert found.events == [("retried", {"appproxy.attempt": 2})]
    assert found.links == [((b"u" * 16).hex(), (b"v" * 8).hex())]


def test_a_span_with_next_to_nothing_and_none_at_all() -> None:
    """A root that was not sampled, and an export that only tries the way."""
    (found,) = collected(export(Span(TraceContext(b"t" * 16, b"s" * 8, False), b"", SpanKind.SERVER, 0.0)))
    assert (found.parent, found.failed, found.attributes, found.flags, found.state) == ("", False, {}, 0, "")
    assert collected(export()) == []


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), _values, max_size=40))
def test_any_attributes(attributes: dict[str, Value]) -> None:
    """Of every kind and size; texts keep 1024 letters."""
    span = Span(CONTEXT, b"", SpanKind.SERVER, 1.0, attributes=attributes)
    (found,) = collected(export(span))
    cut = {key[:1024]: value[:1024] if isinstance(value, str) else value for key, value in attributes.items()}
    assert found.attributes == cut


def test_texts_that_are_no_unicode_do_no_harm() -> None:
    """Half a pair of surrogates becomes a question mark."""
    (found,) = collected(export(Span(CONTEXT, b"", SpanKind.SERVER, 1.0, "a\ud800b")))
    assert found.name == "a?b"
