"""twistd appproxy-connector: options that refuse in one line, and a service that is only built."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError

from appproxy.config import ConnectorSettings, dump_connector
from appproxy.twistd.connector import ConnectorProgram, Options, makeService

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
