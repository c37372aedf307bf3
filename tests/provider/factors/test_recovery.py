"""Recovery codes as they are made, shown and typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.provider.factors.recovery import CODE_SIZE, COUNT, new_codes, read, shown


@given(st.binary(min_size=COUNT * CODE_SIZE, max_size=COUNT * CODE_SIZE))
def test_a_code_is_read_as_it_is_shown(random: bytes) -> None:
    """Ten of them, each of bytes of its own; in capitals, with blanks, and with the digits that people see in letters."""
    codes = new_codes(random)
    assert len(codes) == COUNT
    for code in codes:
        assert read(shown(code)) == code == read(f" {shown(code).upper().replace('-', ' ')} ")
        assert read(code.replace("o", "0").replace("i", "1")) == code and len(shown(code)) == 19
    parts = [random[at : at + CODE_SIZE] for at in range(0, len(random), CODE_SIZE)]
    assert len(set(codes)) == len(set(parts))


@pytest.mark.parametrize("typed", [
    "", "abcd-efgh-ijkl-mno", "abcd-efgh-ijkl-mnopq", "abcd-efgh-ijkl-mno8", "abcd-efgh-ijkl-mno9", "abcd_efgh_ijkl_mnop",
    "abcdefghijklmnop" + " " * 49, "äbcd-efgh-ijkl-mnop"])
def test_what_is_none(typed: str) -> None:
    """Too short, too long, or with signs that there are not."""
    assert read(typed) is None
    assert read("abcdefghijklmnop" + " " * 48) == "abcdefghijklmnop"
