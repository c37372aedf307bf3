"""Bodies of calls."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.admin.base.body import Body
from appproxy.errors import ConfigError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def body(value: object) -> Body:
    """A body with one field `x`."""
    return Body({"x": value}, ("x", "y"))


@pytest.mark.parametrize(
    ("value", "seconds"), [(60, 60.0), (1.5, 1.5), ("90s", 90.0), ("90", 90.0), ("30m", 1800.0), ("1h", 3600.0),
                           ("7d", 604800.0), ("2w", 1209600.0), ("0.5h", 1800.0), ("1 h", 3600.0)],
)  # fmt: skip
def test_times(value: object, seconds: float) -> None:
    """As people write them, or in seconds."""
    assert body(value).duration("x") == seconds


@pytest.mark.parametrize("value", ["", "soon", "-1h", "1y", "h", "1h30m", -1, float("nan"), float("inf"), True, [], "1" * 20])
def test_times_that_are_none(value: object) -> None:
    """The field is named, with an example."""
    with pytest.raises(ConfigError, match="^x: a time such as"):
        body(value).duration("x")


def test_values_have_their_types() -> None:
    """Nothing is converted to be friendly."""
    assert body("a").text("x") == "a" and body("a").optional("x") == "a" and body("a").optional("y") is None
    assert body(["a"]).texts("x") == ("a",) and body(True).flag("x") is True and body(3).whole("x") == 3
    assert body({"a": "b"}).mapping("x") == {"a": "b"} and body(None).mapping("x") == {}


@pytest.mark.parametrize(("value", "reader"), [(True, "whole"), (1.0, "whole"), (1, "flag"), (1, "text"), ("a", "texts")])
def test_what_only_looks_alike_is_refused(value: object, reader: str) -> None:
    """In Python, true is a number; in a call it is not."""
    with pytest.raises(ConfigError, match="^x: "):
        getattr(body(value), reader)("x")


def test_null_is_as_good_as_left_out() -> None:
    """The default counts then; without one, the field is asked for."""
    assert body(None).text("x", "default") == "default" and "x" not in body(None)
    with pytest.raises(ConfigError, match="^x: is needed"):
        body(None).text("x")


def test_unknown_fields_are_refused() -> None:
    """A slip is not silently ignored."""
    with pytest.raises(ConfigError, match="^z: no such field here; there is x, y"):
        Body({"z": 1}, ("x", "y"))
    with pytest.raises(ConfigError, match="there is none"):
        Body({"z": 1}, ())


@settings(max_examples=100)
@given(json_values, st.sampled_from(["text", "texts", "flag", "whole", "duration", "mapping", "optional"]))
def test_any_json_is_a_value_or_an_error(value: object, reader: str) -> None:
    """Whatever is sent: a value of the right type, or ConfigError that names the field."""
    try:
        getattr(body(value), reader)("x")
    except ConfigError as error:
        assert str(error).startswith("x: ")
