"""JSON from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.json_input import MOST_LEVELS, read_json
from tests.cost.growth import MOST, growth

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4), max_leaves=20)


@given(VALUES, st.booleans())
def test_what_is_json_is_read(value: object, plain: bool) -> None:
    """Whatever stands in its texts, brackets too."""
    assert read_json(json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass" if plain else "ignore")) is not ...


@pytest.mark.parametrize("text", [
    b"[" * MOST_LEVELS + b"]" * MOST_LEVELS, b'["' + b"[" * 100 + b'"]', b'["\\"' + b"[" * 100 + b'\\\\"]',
    b"[" + b"[],{}," * 100 + b"1]", b"[" + b'"]",' * 100 + b"1]"])
def test_as_deep_as_may_be(text: bytes) -> None:
    """Brackets in texts, and beside each other, do not count."""
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize("text", [
    b"", b"[", b"]", b"nul", b"[1] 2", b"NaN", b"[Infinity]", b"-Infinity", b'"\xff"', b"1" * 5000, b"\xef\xbb\xbf1",
    b"[" * (MOST_LEVELS + 1) + b"]" * (MOST_LEVELS + 1), b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 100_000, b'["' * 50_000])
def test_anything_else_is_a_value_error(text: bytes) -> None:
    """Never a RecursionError, and nothing that only some readers take."""
    with pytest.raises(ValueError):
        read_json(text)


def test_no_bound_where_the_sender_is_trusted() -> None:
    """Python's own limit counts then, as the same kind of error."""
    assert read_json(b"[" * 100 + b"]" * 100, None) is not None
    with pytest.raises(ValueError):
        read_json(b"[" * 100_000, None)


def test_a_name_that_comes_twice() -> None:
    """Refused where it matters which of the two counts."""
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}
    with pytest.raises(ValueError):
        read_json(b'{"a": 1, "a": 2}', unique=True)


@pytest.mark.parametrize(
    "unit", [b"[", b"]", b'"', b'\\"', b'["', b'"\\', b"[],", b'{"a":', b'["",', b"1", b"-1,", b"[[]],", b"{}"])
def test_time_grows_with_the_text(unit: bytes) -> None:
    """Whatever it is made of."""

    def work(size: int) -> Callable[[], None]:
        text = b"[" + unit * (size // len(unit))

        def read() -> None:
            with suppress(ValueError):
                read_json(text)

        return read

    assert growth(work, 16_384) <= MOST
