"""Lists of networks that an admin names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import ConfigError
from appproxy.store.risk.network_lists import NetworkLists, read_list


def test_a_list_is_taken_up_when_it_changes(tmp_path: Path) -> None:
    """One that cannot be read leaves what was there."""
    file, other = tmp_path / "tor.txt", tmp_path / "vpn.txt"
    file.write_text("# exits\n192.0.2.1\n2001:db8::/32  # all\n")
    other.write_text("192.0.2.0/24\n")
    lists = NetworkLists([file, other])
    assert lists.of("192.0.2.1") == ("tor", "vpn")
    assert (lists.of("192.0.2.2"), lists.of("2001:db8::9"), lists.of("no address")) == (("vpn",), ("tor",), ())
    file.write_text("192.0.2.2\n")
    os.utime(file, (1, 1))
    assert (lists.of("192.0.2.1"), lists.of("192.0.2.2")) == (("vpn",), ("tor", "vpn"))
    file.write_text("nonsense")
    assert lists.of("192.0.2.2") == ("tor", "vpn")
    file.unlink()
    assert lists.of("192.0.2.2") == ("tor", "vpn")


def test_a_list_that_cannot_be_read_at_first(tmp_path: Path) -> None:
    """Stops the start, and names file and line."""
    file = tmp_path / "bad.txt"
    file.write_text("192.0.2.1\n192.0.2.1/24\n")
    for path, words in ((file, "line 2: '192.0.2.1/24' is no network"), (tmp_path / "none.txt", "none.txt")):
        with pytest.raises(ConfigError, match=words) as caught:
            NetworkLists([path])
        assert "192.0.2.0/24" in caught.value.hint


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """With a line's number, and nothing else."""
    try:
        read_list(text)
    except ValueError as error:
        assert str(error).startswith("line ")
