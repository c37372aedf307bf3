"""Tokens of native clients, and what their devices ask for."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from appproxy.provider.oauth.native import asked_of_sign_in


@pytest.mark.parametrize(("parameters", "asked"), [
    ({}, {}), ({"client_id": "x"}, {}),
    ({"acr_values": "a b", "max_age": "0", "scope": "x"}, {"acr_values": "a b", "max_age": "0"}),
    ({"max_age": "soon"}, None), ({"max_age": "-1"}, None), ({"max_age": "1" * 10}, None),
    ({"acr_values": 'a"b'}, None), ({"acr_values": "a\\b"}, None), ({"acr_values": "a" * 513}, None),
    ({"acr_values": "\u00e9"}, None),
])
def test_what_a_device_asks_of_the_sign_in(parameters: Mapping[str, str], asked: Mapping[str, str] | None) -> None:
    """A level and an age, in signs that an authorization request may have; the rest is no business of these."""
    assert asked_of_sign_in(parameters) == asked
