"""Who owns the store of a state directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appproxy.admin.transport.lock import ServiceLock
from appproxy.errors import ConfigError


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    """The second gets it when the first gives it back."""
    first, second = ServiceLock(tmp_path / "service.lock"), ServiceLock(tmp_path / "service.lock")
    assert first.try_acquire() and first.try_acquire() and first.held
    assert not second.try_acquire() and not second.held
    first.release()
    first.release()
    assert second.try_acquire()
    with second:
        assert not first.try_acquire()
    assert first.try_acquire()
    first.release()


def test_a_second_service_is_told_which_process_runs(tmp_path: Path) -> None:
    """After a moment, in which a command might have finished."""
    first, second = ServiceLock(tmp_path / "service.lock"), ServiceLock(tmp_path / "service.lock")
    first.acquire()
    moments = iter([0.0, 1.0, 2.0, 3.0])
    slept: list[float] = []
    with pytest.raises(ConfigError, match=rf"another service \(process {os.getpid()}\) runs on this state directory"):
        second.acquire(clock=lambda: next(moments), sleep=slept.append)
    assert len(slept) == 2
    first.release()


def test_a_service_waits_for_a_command(tmp_path: Path) -> None:
    """A start just while a command works does not fail."""
    command, service = ServiceLock(tmp_path / "service.lock"), ServiceLock(tmp_path / "service.lock")
    command.try_acquire()
    service.acquire(clock=lambda: 0.0, sleep=lambda seconds: command.release())
    assert service.held
    service.release()


def test_the_end_of_a_process_frees_the_lock(tmp_path: Path) -> None:
    """However it ended; the file that is left means nothing."""
    child = os.fork()
    if child == 0:
        try:
            ServiceLock(tmp_path / "service.lock").try_acquire()
        finally:
            os._exit(0)  # whatever comes: a second process must not go on with the tests
    os.waitpid(child, 0)
    lock = ServiceLock(tmp_path / "service.lock")
    assert (tmp_path / "service.lock").exists() and lock.try_acquire()
    lock.release()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Is told by its name."""
    with pytest.raises(ConfigError, match=r"none/service.lock: cannot be opened \(No such file .*; is this the state"):
        ServiceLock(tmp_path / "none" / "service.lock").try_acquire()


def test_two_processes_may_hold_it_one_after_the_other(tmp_path: Path) -> None:
    """The second by the first one's descriptor: there is no moment in which it is free."""
    path = tmp_path / "service.lock"
    first, second, other = ServiceLock(path), ServiceLock(path), ServiceLock(path)
    with pytest.raises(ConfigError, match="is not locked by this process"):
        _ = first.descriptor
    first.acquire()
    second.adopt(os.dup(first.descriptor))
    first.release()
    assert second.held and not other.try_acquire()
    second.release()
    assert other.try_acquire()
    other.release()
