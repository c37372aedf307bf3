"""Words of fields."""

from __future__ import annotations

from appproxy.admin.operations import OPERATIONS
from appproxy.console.forms.words import OF_ONE, WORDS, words_of


def test_none_is_left_over() -> None:
    """Words are of fields that there are."""
    fields = {name for one in OPERATIONS for name in one.fields}
    assert WORDS.keys() <= fields
    for called, name in OF_ONE:
        assert any(f"{one.method} {one.path}" == called and name in one.fields for one in OPERATIONS), called


def test_of_one_operation() -> None:
    """What one operation means by a field comes first; a field without words is called by its name."""
    assert words_of("POST /service-tokens", "expires") != words_of("POST /connector-tokens", "expires")
    assert words_of("POST /service-tokens", "much_more").label == "Much more"
