"""Single fields of documents: what each takes, up to its bounds, and how an error names the place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.fields import (
    bytes_at,
    flag_at,
    one_of,
    seconds_at,
    table_at,
    text_at,
    texts_at,
)


def refused(read: Callable[[], object]) -> str:
    """What an error says, and how to mend it."""
    with pytest.raises(ConfigError) as caught:
        read()
    return f"{caught.value.message}; {caught.value.hint}"


def test_a_table_has_its_keys_alone() -> None:
    """A slip is answered with what was meant; where nothing is near, with all that there is."""
    assert table_at(None, "p", ("users",)) == {} and table_at({"users": 1}, "p", ("users", "grant")) == {"users": 1}
    assert refused(lambda: table_at([], "p", ("a", "b"))) == "p: a table is needed; it has a, b"
    assert refused(lambda: table_at({"usrs": 1}, "p", ("users",
        "grant"))) == "p.usrs: there is no such field; did you mean users?"
    assert refused(lambda: table_at({"zzz": 1}, "", ("users",
        "grant"))) == "zzz: there is no such field; there is users, grant"


@pytest.mark.parametrize(("value", "empty"), [("a", False), ("a b", False), ("ä" * 5, False), ("", True), (" ", True)])
def test_texts_that_are_taken(value: str, empty: bool) -> None:
    """As they were written."""
    assert text_at(value, "p", 5, empty=empty) == value


@pytest.mark.parametrize("value", [None, 3, "", "  ", "abcdef", "a\nb", "a\x00"])
def test_texts_that_are_not(value: object) -> None:
    """The error says between which lengths."""
    assert refused(lambda: text_at(value, "p", 5)).startswith("p: a text of 1 to 5 printable signs is needed")
    assert value == "" or refused(lambda: text_at("abcdef", "p", 5, empty=True)).startswith("p: a text of 0 to 5 ")


def test_a_list_of_texts() -> None:
    """None is an empty one; each is checked at its place; one text alone is shown as a list."""
    assert texts_at(None, "p", 2) == [] and texts_at(["a", "b"], "p", 2) == ["a", "b"]
    assert refused(lambda: texts_at(["a"] * 3, "p", 2)) == "p: 3 entries are too many; 2 are possible"
    assert refused(lambda: texts_at("a", "p", 2)) == 'p: a list of texts is needed; write ["a"]'
    assert refused(lambda: texts_at(7, "p", 2)) == "p: a list of texts is needed; "
    assert refused(lambda: texts_at(["a", ""], "p", 2)).startswith("p[1]: a text of 1 to 600 ")
    assert texts_at(["a" * 600], "p", 1) and refused(lambda: texts_at(["a" * 601], "p", 1)).startswith("p[0]: ")


def test_a_flag() -> None:
    """Nothing said is the default."""
    assert (flag_at(None, "p", True), flag_at(None, "p", False), flag_at(False, "p", True)) == (True, False, False)


@pytest.mark.parametrize("value", [0, 1, "yes", []])
def test_what_is_no_flag(value: object) -> None:
    """Whatever it could mean."""
    assert refused(lambda: flag_at(value, "p", True)) == "p: true or false is needed; "


def test_one_of_several_words() -> None:
    """Exactly as it is written; the near one is named whatever its capitals."""
    assert one_of("on", "p", ("on", "off")) == "on"
    assert refused(lambda: one_of(None, "p", ("on", "off"))) == "p: is needed; give one of on, off"
    assert refused(lambda: one_of("REPORT-ONLY", "p", ("on", "report-only"))) == (
        "p: 'REPORT-ONLY' is none of on, report-only; did you mean report-only?")
    assert refused(lambda: one_of(["on"], "p", ("on", "off"))).startswith("p: ['on'] is none of on, off")


@pytest.mark.parametrize(("text", "size"), [
    ("1k", 1024), ("1 k", 1024), ("20M", 20 << 20), ("2G", 2 << 30), ("999999999k", 999999999 << 10)])
def test_sizes(text: str, size: float) -> None:
    """Of 1024 bytes each, as everywhere here."""
    assert bytes_at(text, "p", 1024, 7.0) == size and bytes_at(None, "p", 1024, 7.0) == 7.0


@pytest.mark.parametrize("value", ["1", "1K", "1m", "k", "1  k", "-1k", "1.5M", "1000000000k", 1024, True, "0k", "1k\n"])
def test_what_is_no_size(value: object) -> None:
    """Or is less than the least."""
    assert refused(lambda: bytes_at(value, "p", 1024,
        7.0)) == "p: a size of at least 1k is needed; write it as 500k, 20M or 2G"


def test_the_least_size() -> None:
    """Is taken, and one less is not."""
    assert bytes_at("2k", "p", 2048, 0.0) == 2048.0
    assert refused(lambda: bytes_at("1k", "p", 2048, 0.0)).startswith("p: a size of at least 2k")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("8 h", 28800), ("7d", 604800), ("999999d",
    86399913600)])
def test_durations(text: str, seconds: float) -> None:
    """In seconds."""
    assert seconds_at(text, "p", 60.0, 5.0) == seconds and seconds_at(None, "p", 60.0, 5.0) == 5.0


@pytest.mark.parametrize("value", ["59s", "0m", "1", "1w", "1.5h", "-1h", "1000000d", 3600, "1  h", "1h\n"])
def test_what_is_no_duration(value: object) -> None:
    """Or is shorter than the least; one that is exactly the least is taken."""
    assert refused(lambda: seconds_at(value, "p", 60.0, 5.0)) == (
        "p: a time of at least 1 minutes is needed; write it as 30m, 8h or 7d")
    assert seconds_at("60s", "p", 60.0, 5.0) == 60.0
