"""One process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appproxy.admin.transport.lock import ServiceLock
from appproxy.errors import ConfigError
from appproxy.net.descriptors.file_lock import FileLock

HINT = "ask somebody"


def test_one_at_a_time(tmp_path: Path) -> None:
    """The next one when it is given back."""
    one, two = FileLock(tmp_path / "lock", HINT), FileLock(tmp_path / "lock", HINT)
    assert one.try_acquire() and one.held
    assert not two.try_acquire() and not two.held
    one.release()
    one.release()
    assert two.try_acquire() and not one.held
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_whoever_is_killed_holds_nothing(tmp_path: Path) -> None:
    """Whatever is left of the file."""
    program = (
        "import sys, time; from pathlib import Path; from appproxy.net.descriptors.file_lock import FileLock\n"
        "assert FileLock(Path(sys.argv[1]), '').try_acquire() is True; lock = FileLock(Path(sys.argv[1]), '')\n"
        "lock.try_acquire(); print('held', flush=True); time.sleep(60)")
    lock = FileLock(tmp_path / "lock", HINT)
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "lock")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        assert not lock.try_acquire()
        process.send_signal(signal.SIGKILL)
    assert lock.try_acquire()


def test_a_file_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking: the lock of a file without a name keeps nobody away."""
    path, real = tmp_path / "lock", os.open

    def opened(name: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = real(name, flags, mode)
        monkeypatch.setattr(os, "open", real)
        path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    one, two = FileLock(path, HINT), FileLock(path, HINT)
    assert one.try_acquire() and path.exists()
    assert not two.try_acquire()


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """Of another user, say: the error names it, and what to do."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError, match=r"lock: cannot be opened .*; ask somebody"):
        FileLock(tmp_path / "lock", HINT).try_acquire()


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody believes to be alone where that cannot be known."""
    def refused(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    lock = FileLock(tmp_path / "lock", HINT)
    with pytest.raises(ConfigError, match=r"cannot be locked \(No locks available\); .*flock"):
        lock.try_acquire()
    assert not lock.held


def test_one_that_is_held_is_not_taken_twice(tmp_path: Path) -> None:
    """Two parts of one program are as much in each other's way as two programs."""
    lock = FileLock(tmp_path / "lock", HINT)
    assert lock.try_acquire() and not lock.try_acquire() and lock.held


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to], ids=["symbolic", "hard"])
@pytest.mark.parametrize("kind", [lambda path: FileLock(path, "no"), ServiceLock], ids=["any", "service"])
def test_a_name_that_leads_elsewhere_is_no_lock(
    tmp_path: Path, make: Callable[[Path, Path], None], kind: Callable[[Path], FileLock]
) -> None:
    """The service's own user may put it there, for root to write to a file of root's, and to give it away."""
    other = tmp_path / "shadow"
    other.write_text("root:x")
    make(tmp_path / "lock", other)
    lock = kind(tmp_path / "lock")
    with pytest.raises(ConfigError, match="is a link"):
        lock.try_acquire()
    assert not lock.held and other.read_text() == "root:x"


def test_a_link_to_nothing_makes_nothing(tmp_path: Path) -> None:
    """Nor is a file made where it leads."""
    (tmp_path / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(ConfigError, match="is a link"):
        FileLock(tmp_path / "lock", "no").try_acquire()
    assert not (tmp_path / "made").exists()


def test_what_is_no_file_is_no_lock(tmp_path: Path) -> None:
    """And nobody waits for the other end of a pipe."""
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(ConfigError, match="no file"):
        FileLock(tmp_path / "lock", "no").try_acquire()
