"""twistd appproxy-service: options that refuse in one line, and a service that is only built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from twisted.application.service import IService, IServiceMaker
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.plugin import getPlugins
from twisted.python.failure import Failure
from twisted.python.usage import UsageError

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import ConfigError
from appproxy.twistd.service import Options, ServiceProgram, makeService
from appproxy.twistd.state import create_state

SETTINGS = ServiceSettings(domain="example.com")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A new state directory."""
    create_state(tmp_path / "state", SETTINGS, 1_800_000_000.0, {})
    return tmp_path / "state"


def test_settings_are_read_with_the_options(state: Path) -> None:
    """And nothing else: no port is opened by building."""
    options = Options()
    options.parseOptions(["--state", str(state)])
    assert options["settings"] == SETTINGS
    reactor = MemoryReactorClock()
    service = makeService(options, reactor)
    assert IService.providedBy(service)
    assert isinstance(service, ServiceProgram)
    assert (reactor.tcpServers, reactor.whenRunningHooks) == ([], [])


def test_bad_settings_are_refused_in_one_line(state: Path) -> None:
    """The file and the key are named."""
    (state / "service.toml").write_text('domain = "example.com"\nlisten = "nowhere"\n')
    with pytest.raises(UsageError, match=r"service.toml: listen: .*HOST:PORT"):
        Options().parseOptions(["--state", str(state)])


def test_a_missing_state_is_refused(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(UsageError, match="appproxy init"):
        Options().parseOptions(["--state", str(tmp_path)])
    with pytest.raises(UsageError, match="--state DIR is needed"):
        Options().parseOptions([])


def test_twistd_finds_both_programs() -> None:
    """The plugins name modules that exist and have what twistd asks for."""
    makers = {maker.tapname: maker for maker in getPlugins(IServiceMaker) if maker.tapname.startswith("appproxy-")}
    assert set(makers) == {"appproxy-service", "appproxy-connector"}
    for maker in makers.values():
        assert "--state" in maker.options().getUsage()
        assert callable(maker.makeService)


def test_another_port_than_at_init_is_told_at_start(state: Path) -> None:
    """Before anything listens; the lock is free again after it."""
    program = ServiceProgram(state, replace(SETTINGS, public_port=9443), MemoryReactorClock(), {}, lambda: 1_800_000_000.0)
    failures: list[Failure] = []
    Deferred.fromCoroutine(program.begin()).addErrback(failures.append)
    (failure,) = failures
    assert failure.check(ConfigError)
    assert "set public_port = 443" in str(failure.value)
    Deferred.fromCoroutine(program.end())
    lock = ServiceLock(StatePaths(state).lock)
    assert lock.try_acquire()
    lock.release()
