"""How values of settings are written, at their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.settings import kinds
from appproxy.publish.settings.setting import ValueKind

MINUTES = kinds.number(0.5, 600.0, "minutes", {"never": 600.0, "now": 0.5})
TEN = kinds.count(10)
COLOUR = kinds.choice("red", "green", "blue")
WORDS = kinds.names(lambda text: frozenset(text.split(",")), "words", "a", "b", small=True)


def refused(kind: ValueKind[Any], text: str) -> str:
    """How the error goes on after the value."""
    with pytest.raises(ValueError) as caught:
        kind.parse(text)
    return str(caught.value)


def not_sent(kind: ValueKind[Any], value: object) -> str:
    """What a connector says to a value of another form."""
    with pytest.raises(ValueError) as caught:
        kind.from_json(value)
    return str(caught.value)


@pytest.mark.parametrize(("text", "value"), [
    ("yes", True), ("TRUE", True), ("On", True), ("no", False), ("false", False), ("OFF", False)])
def test_a_switch(text: str, value: bool) -> None:
    """In the words that people use; it is shown as yes or no."""
    assert kinds.SWITCH.parse(text) is value and kinds.is_yes(text) is value and kinds.is_no(text) is not value
    assert kinds.SWITCH.text(value) == ("yes" if value else "no")


@pytest.mark.parametrize("text", ["", "1", "y", "none", "yes "])
def test_what_is_no_switch(text: str) -> None:
    """Neither yes nor no."""
    assert refused(kinds.SWITCH, text) == "must be yes or no" and not kinds.is_yes(text) and not kinds.is_no(text)


def test_a_switch_at_the_connector() -> None:
    """A word or a number is none there."""
    assert kinds.SWITCH.from_json(True) is True
    for value in (1, 0, "yes", None):
        assert not_sent(kinds.SWITCH, value) == "true or false is needed"


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("600", 600.0), ("1e2", 100.0), ("Never", 600.0), ("now", 0.5)])
def test_a_number_in_its_bounds(text: str, value: float) -> None:
    """Both bounds are taken, and words for some."""
    assert MINUTES.parse(text) == value


@pytest.mark.parametrize("text", ["0.49", "600.01", "nan", "inf", "-1", "", "ever", "5 minutes"])
def test_a_number_out_of_them(text: str) -> None:
    """The error says unit, words and bounds."""
    assert refused(MINUTES, text) == "must be a number of minutes (or never, or now) from 0.5 to 600"


def test_a_number_without_words() -> None:
    """Has none in its error; both bounds are its examples."""
    assert refused(kinds.number(1, 2, "hours"), "3") == "must be a number of hours from 1 to 2"
    assert (kinds.number(1, 2, "hours").examples, MINUTES.examples) == (("1", "2"), ("0.5", "600", "never", "now"))


@pytest.mark.parametrize("value", [0, -1, 0.0, True, "5", None, float("nan"), float("inf")])
def test_a_number_at_the_connector(value: object) -> None:
    """Any above 0 is taken: the service, which may be newer, knows the bounds."""
    assert not_sent(MINUTES, value) == "a number of minutes above 0 is needed"
    assert MINUTES.from_json(7000) == 7000.0 and MINUTES.from_json(0.01) == 0.01


@pytest.mark.parametrize(("value", "text"), [(85.0, "85"), (0.5, "0.5"), (1e6, "1000000"), (-3, "-3"), (0.1 + 0.2,
    repr(0.1 + 0.2))])
def test_plain_numbers(value: float, text: str) -> None:
    """Without a fraction that is none."""
    assert kinds.plain_number(value) == text and float(text) == value


@pytest.mark.parametrize(("text", "value"), [("none", 0), ("NONE", 0), ("1", 1), ("10", 10), ("007", 7)])
def test_a_count(text: str, value: int) -> None:
    """Up to its most."""
    assert TEN.parse(text) == value


@pytest.mark.parametrize("text", ["0", "11", "-1", "+1", "1.0", "", "²", "٣", "1_0", " 1", "0000000001"])
def test_what_is_no_count(text: str) -> None:
    """None is said in a word."""
    assert refused(TEN, text) == "must be none, or a number from 1 to 10"


def test_a_count_at_the_connector() -> None:
    """None is 0 there."""
    assert (TEN.from_json(0), TEN.from_json(11), TEN.text(0), TEN.text(7)) == (0, 11, "none", "7")
    for value in (-1, True, 1.0, "1", None):
        assert not_sent(TEN, value) == "a whole number is needed"


def test_a_choice() -> None:
    """In any capitals; the error lists the words, or says what it was told to."""
    assert COLOUR.parse("GREEN") == "green" and refused(COLOUR, "pink") == "must be red, green or blue"
    assert refused(kinds.choice("a", "b", needed="is needed so"), "c") == "is needed so"
    assert COLOUR.from_json("blue") == "blue" and not_sent(COLOUR, "pink") == "'pink' is none of red, green, blue"
    assert not_sent(COLOUR, "RED").startswith("'RED' is none of ") and not_sent(COLOUR, 1) == "a text is needed"


def test_texts_of_a_form() -> None:
    """A connector takes any, or what its own check lets pass."""

    def check(text: str) -> str:
        if "/" in text:
            raise ValueError("has a slash")
        return text

    kind = kinds.text(str.upper, "a", "b", check=check)
    assert (kind.parse("a"), kind.from_json("a"), not_sent(kind, "a/b")) == ("A", "a", "has a slash")
    assert kinds.text(str.upper, "a", "b").from_json("a/b") == "a/b" and not_sent(kind, 3) == "a text is needed"


def test_names() -> None:
    """In one order, whatever the order was; a connector reads them in small letters where they mean the same."""
    assert WORDS.text(frozenset({"b", "a"})) == "a,b" and WORDS.text(frozenset()) == "none"
    assert WORDS.to_json(frozenset({"b", "a"})) == ["a", "b"] and WORDS.from_json(["B", "a"]) == frozenset({"a", "b"})
    assert kinds.names(frozenset, "words", "a", "b").from_json(["B"]) == frozenset({"B"})
    for value in ("a", None, [1], ["ä"], {"a": 1}):
        assert not_sent(WORDS, value) == "a list of words is needed"


@pytest.mark.parametrize(("text", "size"), [
    ("none", None), ("0", 0), ("500", 500), ("500k", 500 << 10), ("1 M", 1 << 20), ("2GB", 2 << 30), ("2GiB", 2 << 30),
    ("1t", 1 << 40), ("1b", 1), ("999999999999", 999999999999)])
def test_a_size(text: str, size: int | None) -> None:
    """Of 1024 bytes each."""
    assert kinds.SIZE.parse(text) == size


@pytest.mark.parametrize("text", ["", "k", "1.5M", "-1", "1  k", "1kk", "1i", "1000000000000", "1e", "ib"])
def test_what_is_no_size(text: str) -> None:
    """Nor a fraction."""
    assert refused(kinds.SIZE, text) == "must be none, or a size such as 500k, 20M or 2G"


@given(st.none() | st.integers(0, 2**45) | st.integers(0, 2**12).map(lambda number: number << 30))
def test_a_size_is_read_as_it_is_shown(size: int | None) -> None:
    """In the largest unit that needs no fraction."""
    text = kinds.SIZE.text(size)
    assert size is None or size >= 10**12 or kinds.SIZE.parse(text) == size
    if size and size % 1024 == 0:
        assert text[-1] in "kMGT"


@pytest.mark.parametrize(("text", "is_host"), [
    ("a", True), ("wiki.example.com", True), ("a-b.c1", True), ("xn--bcher-kva.example", True), ("x" * 63 + ".a", True),
    (".".join(["a" * 49] * 5) + ".abc", True), (".".join(["a" * 49] * 5) + ".abcd", False),
    ("", False), ("-a", False), ("a-", False), ("a..b", False), ("a.", False), ("A", False), ("x" * 64, False), ("a_b", False),
    ("a/b", False), ("a\n", False),
])
def test_a_host_name(text: str, is_host: bool) -> None:
    """Labels of 1 to 63 signs, 253 in all (RFC 1035 section 2.3.4), in small letters."""
    assert (kinds.HOST.fullmatch(text) is not None) is is_host


@pytest.mark.parametrize(("text", "is_token"), [
    ("GET", True), ("x-a.b!#$%&'*+^_`|~", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False), ("a,b",
    False),
    ('a"', False), ("ä", False)])
def test_a_token(text: str, is_token: bool) -> None:
    """RFC 9110 section 5.6.2."""
    assert (kinds.TOKEN.fullmatch(text) is not None) is is_token
