"""Expressions with possessive groups mean the same in every Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.regex import compiled, with_atomic_groups

PACKAGE = Path(__file__).parent.parent / "appproxy"
#: A group with a possessive quantifier.
POSSESSIVE = re.compile(r"\)(?:[?*+]|\{[^{}]*\})\+")


@pytest.mark.parametrize(
    ("pattern", "rewritten"),
    [("a(b)?+c", "a(?>(b)?)c"), ("(?:a(b)*+|c)++", "(?>(?:a(?>(b)*)|c)+)"), (r"\(a\)?+", r"\(a\)?+"), ("[)(]*+", "[)(]*+"),
     ("[^]()]*+(x){1,3}+", "[^]()]*+(?>(x){1,3})"), (r"[\]()]++", r"[\]()]++"),
     ("(?P<n>a)?+(?(n)b|c)", "(?>(?P<n>a)?)(?(n)b|c)")],
)  # fmt: skip
def test_possessive_groups_become_atomic(pattern: str, rewritten: str) -> None:
    """Only groups, wherever they are; signs in sets and escaped ones are no groups."""
    assert with_atomic_groups(pattern) == rewritten


@pytest.mark.parametrize(
    ("pattern", "text", "end"),
    [(r"h(?:(?:(?<=h)ref|(?<=s)rc)=)?+ttp", "http", 4), (r"(?:a(?:b|bc))*+c", "abcabc", 3), (r"(?:x|xy)?+y", "xy", 2)],
)  # fmt: skip
def test_the_same_everywhere(pattern: str, text: str, end: int) -> None:
    """Where a group does not match it matches nothing, and what it has matched is not given back."""
    for expression in (pattern, with_atomic_groups(pattern)):
        found = compiled(expression).match(text)
        assert found is not None and found.end() == end


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(st.text(r"ab()[]^\*+?{1}", max_size=12))
def test_what_is_no_pattern_stays_none(pattern: str) -> None:
    """Rewriting breaks no pattern and repairs none."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return
    re.compile(with_atomic_groups(pattern))


def test_no_possessive_group_is_compiled_elsewhere() -> None:
    """A module in which a possessive group stands uses `compiled` for all its expressions."""
    faults = [
        str(path) for path in PACKAGE.rglob("*.py")
        if path.name != "regex.py" and POSSESSIVE.search(path.read_text()) and "re.compile(" in path.read_text()
    ]
    assert faults == []
