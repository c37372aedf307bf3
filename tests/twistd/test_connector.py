"""twistd appproxy-connector: options that refuse in one line, and a service that is only built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError

from appproxy.config import ConnectorSettings, dump_connector
from appproxy.twistd.connector import ConnectorProgram, Options, makeService
from appproxy.twistd.connector_workers.parent import ConnectorParent

SETTINGS = ConnectorSettings(address="127.0.0.1:8443", name="connect.example.com", id="0123456789abcdef")


def test_settings_are_read_with_the_options(tmp_path: Path) -> None:
    """And nothing is dialled by building."""
    (tmp_path / "connector.toml").write_text(dump_connector(SETTINGS))
    options = Options()
    options.parseOptions(["--state", str(tmp_path)])
    assert options["settings"] == SETTINGS
    reactor = MemoryReactorClock()
    assert isinstance(makeService(options, reactor), ConnectorProgram)
    assert (reactor.tcpClients, reactor.getDelayedCalls()) == ([], [])


def test_a_missing_state_is_refused(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(UsageError, match="appproxy connector join"):
        Options().parseOptions(["--state", str(tmp_path)])
    with pytest.raises(UsageError, match="--state DIR is needed"):
        Options().parseOptions([])


def test_bad_settings_are_refused_in_one_line(tmp_path: Path) -> None:
    """The file and the key are named."""
    (tmp_path / "connector.toml").write_text('address = "x"\nname = "connect.example.com"\nid = "1"\n')
    with pytest.raises(UsageError, match="connector.toml: address: "):
        Options().parseOptions(["--state", str(tmp_path)])


def options_with(directory: Path, *more: str) -> Options:
    """On a directory whose settings say three workers."""
    (directory / "connector.toml").write_text(dump_connector(replace(SETTINGS, workers=3)))
    options = Options()
    options.parseOptions(["--state", str(directory), *more])
    return options


def test_the_command_line_says_how_many_workers(tmp_path: Path) -> None:
    """In place of the settings, at a reload too."""
    assert options_with(tmp_path)["settings"].workers == 3
    options = options_with(tmp_path, "--workers", "2")
    assert options["settings"].workers == options.settings_now().workers == 2
    assert isinstance(makeService(options, MemoryReactorClock()), ConnectorParent)
    assert isinstance(makeService(options_with(tmp_path, "--workers", "1"), MemoryReactorClock()), ConnectorProgram)


@pytest.mark.parametrize("said", ["0", "17", "many"])
def test_a_number_of_workers_that_makes_no_sense(tmp_path: Path, said: str) -> None:
    """Is refused with what would."""
    with pytest.raises(UsageError, match=f"--workers {said}: a whole number from 1 to 16 is needed"):
        options_with(tmp_path, "--workers", said)
