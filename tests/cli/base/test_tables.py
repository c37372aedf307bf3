"""Listings on a terminal: aligned where they fit, whole where they do not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.cli.base.tables import lines_of, width_of

TITLES = ("ID", "MEANING")


def test_columns_stand_below_each_other() -> None:
    """Wide letters take two columns, marks none."""
    rows = [("\u5c71\u5ddd", "x"), ("e\u0301a", "y"), ("abcdef", "z")]
    assert list(lines_of(TITLES, rows, 80)) == [
        "ID      MEANING", "\u5c71\u5ddd    x", "e\u0301a      y", "abcdef  z",
    ]
    assert [width_of(text) for text in ("\u5c71", "e\u0301", "")] == [2, 1, 0]


def test_prose_is_wrapped_between_words_under_its_title() -> None:
    """A URL in it is never broken, nor is a word with a hyphen."""
    rows = [("key", "some words and https://example.com/a-rather-long-path/without-any-space at their end")]
    assert list(lines_of(TITLES, rows, 30, wraps=True)) == [
        "ID   MEANING", "key  some words and",
        "     https://example.com/a-rather-long-path/without-any-space", "     at their end",
    ]


def test_rows_that_do_not_fit_are_blocks() -> None:
    """A blank line between two, and empty fields are left out."""
    rows = [("1" * 30, "a" * 30), ("2" * 30, "")]
    assert list(lines_of(TITLES, rows, 60)) == [f"ID       {'1' * 30}", f"MEANING  {'a' * 30}", "", f"ID       {'2' * 30}"]


def test_no_control_character_reaches_the_terminal() -> None:
    """A name with an escape sequence in it moves no cursor."""
    assert list(lines_of(("A", "B"), [("x\x1b[2J", "y\nz")], 80)) == ["A      B", "x [2J  y z"]


@given(st.lists(st.tuples(st.text("abc/:.-", max_size=90), st.text("abc/:.-", max_size=90)), max_size=4),
       st.integers(1, 200), st.booleans())
def test_whatever_the_width_each_word_is_whole(rows: list[tuple[str, str]], columns: int, wraps: bool) -> None:
    """Every value without a space can be copied from one line."""
    lines = list(lines_of(TITLES, rows, columns, wraps))
    for row in rows:
        for value in row:
            assert not value or any(value in line for line in lines)
