"""Where the master key comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.errors import StoreError
from appproxy.store.sealing import Sealer
from appproxy.store.service.master_key import create_master, read_master

MASTER = bytes(range(32))


def same(one: Sealer) -> bool:
    """Does this sealer open what MASTER sealed?"""
    return one.open("purpose", "row", Sealer(MASTER).seal("purpose", "row", b"x")) == b"x"


class TestFile:
    """STATE/master.key."""

    def test_what_is_made_is_read(self, tmp_path: Path) -> None:
        """`init` makes a key file that the service can use."""
        path = create_master(tmp_path, lambda count: MASTER[:count])
        assert path.stat().st_mode & 0o777 == 0o600
        assert same(read_master("file", tmp_path, {}))

    def test_it_is_never_overwritten(self, tmp_path: Path) -> None:
        """A key that is lost is a database that is lost."""
        create_master(tmp_path)
        with pytest.raises(StoreError, match="already there"):
            create_master(tmp_path)

    def test_others_may_not_read_it(self, tmp_path: Path) -> None:
        """A key file that is open to others is refused, with the command that helps."""
        create_master(tmp_path).chmod(0o640)
        with pytest.raises(StoreError, match=f"chmod 600 {tmp_path}/master.key"):
            read_master("file", tmp_path, {})

    @pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "0" * 10000, "00 " * 32, "é" * 32])
    def test_a_wrong_text_is_refused(self, tmp_path: Path, text: str) -> None:
        """Anything but 64 hex digits is told by the name of the file."""
        path = tmp_path / "master.key"
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(StoreError, match=r"master\.key must hold 64 hex digits"):
            read_master("file", tmp_path, {})

    def test_a_missing_one_is_named(self, tmp_path: Path) -> None:
        """The path is in the message."""
        with pytest.raises(StoreError, match=r"master\.key cannot be read: No such file"):
            read_master("file", tmp_path, {})


class TestElsewhere:
    """A file that the environment names, and a systemd credential."""

    def test_from_the_environment(self, tmp_path: Path) -> None:
        """The variable names a file."""
        (tmp_path / "key").write_text(MASTER.hex())
        assert same(read_master("env:KEY", tmp_path, {"KEY": str(tmp_path / "key")}))

    def test_a_variable_that_is_missing(self, tmp_path: Path) -> None:
        """The variable is named."""
        with pytest.raises(StoreError, match="environment variable KEY must name"):
            read_master("env:KEY", tmp_path, {})

    def test_from_a_credential(self, tmp_path: Path) -> None:
        """systemd puts credentials into a directory of their own."""
        (tmp_path / "master").write_text(MASTER.hex() + "\n")
        assert same(read_master("credential:master", tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}))

    def test_a_credential_that_is_missing(self, tmp_path: Path) -> None:
        """The line for the unit is in the message."""
        with pytest.raises(StoreError, match="LoadCredential=master"):
            read_master("credential:master", tmp_path, {})

    @pytest.mark.parametrize("choice", ["", "env:", "credential:", "credential:../x", "vault:x", "FILE"])
    def test_an_unknown_source(self, tmp_path: Path, choice: str) -> None:
        """The three possible ones are listed."""
        with pytest.raises(StoreError, match="file, env:NAME, credential:NAME"):
            read_master(choice, tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
