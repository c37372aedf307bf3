"""How commands name what they mean."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from appproxy.cli.calling import Setting, given, key_values
from appproxy.errors import ConfigError, StoreError


def test_names_are_encoded(state: Path) -> None:
    """A name with a slash asks for that name, and for no other path."""
    with pytest.raises(StoreError, match="a/b"):
        Setting(state).call("GET", "applications", "a/b")


def test_a_command_s_own_state_wins(tmp_path: Path) -> None:
    """--state of the command itself goes before the general one."""
    assert Setting(Path("a")).needed(Path("b")) == Path("b")
    with pytest.raises(ConfigError):
        Setting().needed()


def test_fields_that_are_not_given_are_left_out() -> None:
    """None and empty repetitions say nothing; an empty text does."""
    assert given(a=None, b="", c=(), d=False) == {"b": "", "d": False}


def test_a_value_may_be_in_a_file(tmp_path: Path) -> None:
    """Certificates are; an @ that is meant is doubled."""
    (tmp_path / "ca.pem").write_text("PEM\n")
    assert key_values((f"a=@{tmp_path}/ca.pem", "b=@@home", "c=x@y")) == {"a": "PEM\n", "b": "@home", "c": "x@y"}
    (tmp_path / "bytes").write_bytes(b"\xff")
    for name in ("missing", "bytes"):
        with pytest.raises(click.UsageError, match=f"a: .*{name}"):
            key_values((f"a=@{tmp_path}/{name}",))


def test_pairs() -> None:
    """A value may have `=` in it; a pair must have one."""
    assert key_values(("a=1", "b=", "c=x=y")) == {"a": "1", "b": "", "c": "x=y"}
    for wrong in ("a", "=1"):
        with pytest.raises(click.UsageError):
            key_values((wrong,))
