"""How commands name what they mean."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from appproxy.cli.base.calling import CallSettings, given, key_values
from appproxy.errors import ConfigError, StoreError


def test_names_are_encoded(state: Path) -> None:
    """A name with a slash asks for that name, and for no other path."""
    with pytest.raises(StoreError, match="a/b"):
        CallSettings(state).call("GET", "applications", "a/b")


def test_a_command_s_own_state_wins(tmp_path: Path) -> None:
    """--state of the command itself goes before the general one."""
    assert CallSettings(Path("a")).needed(Path("b")) == Path("b")
    with pytest.raises(ConfigError):
        CallSettings().needed()


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


def test_an_empty_file_is_no_value(tmp_path: Path) -> None:
    """A download that failed would put a default back, such as that nothing is revoked."""
    (tmp_path / "list.pem").write_text("\n")
    with pytest.raises(click.UsageError, match="machine_crl: .* is empty"):
        key_values((f"machine_crl=@{tmp_path}/list.pem",))


def test_pictures_are_files(tmp_path: Path) -> None:
    """Their bytes become base64; a name without @ is told how to be written, and an empty value takes one back."""
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    pairs = (f"Logo-Dark=@{tmp_path}/logo.png", "name=x", "logo=")
    assert key_values(pairs, pictures=["logo", "logo_dark"]) == {"Logo-Dark": "iVBORw==", "name": "x", "logo": ""}
    for pair, words in (("logo=acme.png", "logo=@acme.png"), (f"logo=@{tmp_path}/none.png", "cannot be read")):
        with pytest.raises(click.UsageError, match=words):
            key_values((pair,), pictures=["logo"])
