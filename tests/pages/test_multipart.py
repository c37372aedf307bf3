"""Forms with files."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.pages.multipart import LONGEST_HEAD, MOST_PARTS, FormPart, read_multipart
from tests.cost.growth import MOST, growth

KIND = "multipart/form-data; boundary=----x"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"%\r\n\0'), max_size=20)


def written(parts: list[FormPart]) -> bytes:
    """As a browser sends it."""
    made = b""
    for one in parts:
        file = "" if one.filename is None else f'; filename="{one.filename}"\r\nContent-Type: image/png'
        made += f'------x\r\nContent-Disposition: form-data; name="{one.name}"{file}\r\n\r\n'.encode() + one.data + b"\r\n"
    return made + b"------x--\r\n"


@given(st.lists(st.builds(FormPart, NAMES, st.binary(max_size=60), st.none() | NAMES), max_size=5))
def test_what_a_browser_sends_is_read(parts: list[FormPart]) -> None:
    """Fields and files, whatever bytes are in them, but for the boundary itself, which a browser avoids."""
    if not any(b"\r\n------x" in b"\r\n" + one.data for one in parts):
        assert read_multipart(written(parts), KIND) == parts


@given(st.binary(max_size=200))
def test_anything_else_is_refused_or_read(body: bytes) -> None:
    """Nothing but a ValueError comes of other bytes."""
    for data in (body, b"------x" + body, written([FormPart("a", body)])[: len(body) + 40]):
        with suppress(ValueError):
            read_multipart(data, KIND)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "multipart/form-data; boundary=", "", KIND + "ä",
                                  "multipart/mixed; boundary=x", "multipart/form-data; boundary=" + "x" * 71])
def test_what_is_no_form_with_files(kind: str) -> None:
    """Is refused by its type."""
    with pytest.raises(ValueError, match="needed|not a form"):
        read_multipart(written([]), kind)


def test_it_is_bounded() -> None:
    """In parts, and in what stands before one; what was cut off is not taken for whole."""
    assert len(read_multipart(written([FormPart("a", b"")] * MOST_PARTS), KIND)) == MOST_PARTS
    for body in (written([FormPart("a", b"")] * (MOST_PARTS + 1)), written([FormPart("a" * LONGEST_HEAD, b"")]),
                 written([FormPart("a", b"b")])[:-5]):
        with pytest.raises(ValueError, match="more than|no end|cut off"):
            read_multipart(body, KIND)


def test_names_that_a_browser_escapes() -> None:
    """A quote in the name of a file."""
    (one,) = read_multipart(written([FormPart("a", b"", "my %22best%22.png")]), KIND)
    assert one.filename == 'my "best".png'


def test_it_is_linear() -> None:
    """Four times the bytes cost four times as much."""
    assert growth(lambda size: lambda: read_multipart(written([FormPart("a", b"\r\n-----" * size)]), KIND), 100_000) < MOST
