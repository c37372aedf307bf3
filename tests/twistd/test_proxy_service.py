"""The public side as a service of somebody's own program. tests/end_to_end/test_library.py has one that serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.application.service import IService
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import ConfigError, StoreError
from appproxy.twistd.proxy_service import ProxyService, proxy_service
from appproxy.twistd.state import create_state


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A new state directory."""
    create_state(tmp_path / "state", ServiceSettings(domain="example.com"), 1_800_000_000.0, {})
    return tmp_path / "state"


def failure_of(service: ProxyService) -> BaseException | None:
    """Why it does not start."""
    failures: list[Failure] = []
    service.ready.addErrback(failures.append)
    service.startService()
    [failure] = failures
    return failure.value


def test_building_opens_nothing(state: Path) -> None:
    """The directory is still free for another process."""
    reactor = MemoryReactorClock()
    service = proxy_service(state, reactor)
    assert verifyObject(IService, service)
    assert service.settings.domain == "example.com"
    assert reactor.tcpServers == []
    lock = ServiceLock(StatePaths(state).lock)
    assert lock.try_acquire()
    lock.release()


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(ConfigError, match="appproxy init"):
        proxy_service(tmp_path, MemoryReactorClock())


def test_a_start_that_fails_leaves_nothing_behind(state: Path) -> None:
    """`ready` says why; the next start may succeed, or another process may."""
    service = proxy_service(state, MemoryReactorClock())
    (state / "appproxy.db").write_bytes(b"")
    assert isinstance(failure_of(service), StoreError | ConfigError)
    lock = ServiceLock(StatePaths(state).lock)
    assert lock.try_acquire()
    lock.release()
    stopped: list[object] = []
    service.stopService().addCallback(stopped.append)
    assert stopped == [None]
    assert not service.ready.called


def test_what_is_asked_of_it_too_early_is_refused(state: Path) -> None:
    """There are no operations on a store that is not open."""
    service = proxy_service(state, MemoryReactorClock())
    failures: list[Failure] = []
    service.perform("GET", "/applications").addErrback(failures.append)
    assert failures[0].check(ConfigError)
    with pytest.raises(ConfigError, match="ready"):
        print(service.tunnel_port)
