"""appproxy backup, restore, reseal."""

from __future__ import annotations

import shutil
from pathlib import Path

from appproxy.admin.transport.lock import ServiceLock
from tests.cli.conftest import Typing


def test_a_backup_comes_back(typed: Typing, bare: Typing, state: Path, tmp_path: Path) -> None:
    """With the master key beside it, a restored directory holds what was there; without it, a command says what lacks."""
    assert typed("group", "add", "staff").code == 0
    copy, again = tmp_path / "copy", tmp_path / "again"
    made = typed("backup", str(copy))
    assert (made.code, made.err) == (0, "")
    assert "without the master key" in made.out
    assert sorted(path.name for path in copy.iterdir()) == ["appproxy.db", "service.toml"]
    restored = bare("--state", str(again), "restore", str(copy))
    assert restored.code == 0
    assert "Put the master key there" in restored.out
    without = bare("--state", str(again), "group", "list")
    assert (without.code, without.out) == (1, "")
    assert "master.key" in without.err
    shutil.copy(state / "master.key", again)
    assert "staff" in bare("--state", str(again), "group", "list").out


def test_nothing_is_overwritten(typed: Typing, bare: Typing, state: Path, tmp_path: Path) -> None:
    """Neither a backup nor a state directory that is there already."""
    taken = typed("backup", str(tmp_path))
    assert (taken.code, taken.out) == (1, "")
    assert "is already there" in taken.err
    typed("backup", str(tmp_path / "copy"))
    assert "is already there" in bare("--state", str(state), "restore", str(tmp_path / "copy")).err


def test_another_master_key(typed: Typing, state: Path) -> None:
    """The key is another one, and everything can still be read; not while a service runs, which knows the old one."""
    old = (state / "master.key").read_bytes()
    with ServiceLock(state / "service.lock") as lock:
        lock.acquire()
        refused = typed("reseal")
    assert (refused.code, (state / "master.key").read_bytes()) == (1, old)
    assert "stop it first" in refused.err
    made = typed("reseal")
    assert made.code == 0
    assert "is new, and seals" in made.out
    assert (state / "master.key").read_bytes() != old
    assert typed("status").code == 0
