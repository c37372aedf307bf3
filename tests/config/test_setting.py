"""Settings say of themselves all that a file, a page and an error need."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.config import CONNECTOR_SETTINGS, SERVICE_SETTINGS, Setting
from appproxy.config.setting import toml_text


@pytest.mark.parametrize("one", [*SERVICE_SETTINGS, *CONNECTOR_SETTINGS], ids=lambda one: one.key)
def test_each_is_explained(one: Setting) -> None:
    """Every setting has a meaning in whole sentences, and each number a unit."""
    assert one.meaning.endswith(".")
    assert one.unit or not isinstance(one.default, int | float) or isinstance(one.default, bool) or one.default_text


@given(st.text(max_size=50))
@settings(max_examples=100)
def test_any_text_survives_toml(text: str) -> None:
    """Whatever a path or name holds, TOML reads it back."""
    assert tomllib.loads(f"x = {toml_text(text)}")["x"] == text


@pytest.mark.parametrize("value", [0, -5, 1.5, 1e300, 1e-7, True, False])
def test_other_values_survive_toml(value: object) -> None:
    """So do numbers and switches, with their kind."""
    found = tomllib.loads(f"x = {toml_text(value)}")["x"]
    assert found == value and type(found) is type(value)
