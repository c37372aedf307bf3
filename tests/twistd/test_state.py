"""State directories: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.config import Address, ServiceSettings, StatePaths
from appproxy.errors import AppProxyError, ConfigError
from appproxy.store.database.store import Store
from appproxy.store.service.master_key import read_master
from appproxy.twistd.state import create_state, read_settings

NOW = 1_800_000_000.0
SETTINGS = ServiceSettings(domain="example.com", listen=Address("127.0.0.1", 9443))


def test_what_is_made_can_be_opened(tmp_path: Path) -> None:
    """Settings, key and database fit each other; the trust anchor lies beside them."""
    state = tmp_path / "state"
    made = create_state(state, SETTINGS, NOW, {})
    assert made.trust_anchor == state / "trust-anchor.pem"
    assert made.trust_anchor.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert read_settings(state) == SETTINGS
    store = Store.open(StatePaths(state).database_url(SETTINGS), read_master("file", state, {}))
    assert store.revision() > 0
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    """One that systemd or an admin has made, with whatever rights: it stays the same, and nothing is made beside it."""
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    before = state.stat()
    create_state(state, SETTINGS, NOW, {})
    assert (state.stat().st_ino, state.stat().st_mtime_ns > before.st_mtime_ns) == (before.st_ino, True)
    assert state.stat().st_mode & 0o777 == 0o700
    assert read_settings(state) == SETTINGS
    new = tmp_path / "new"
    create_state(new, SETTINGS, NOW, {})
    assert sorted(path.name for path in state.iterdir()) == sorted(path.name for path in new.iterdir())


def test_a_full_directory_is_not(tmp_path: Path) -> None:
    """What is there stays as it is."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        create_state(tmp_path, SETTINGS, NOW, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "settings",
    [
        ServiceSettings(domain="example.com", master_key="env:NO_SUCH"),
        ServiceSettings(domain="example.com", certificate="/nonexistent.pem", key="/nonexistent.key"),
        ServiceSettings(domain="example.com", database_url="sqlite:////nonexistent/x.db"),
    ],
)
def test_a_failure_leaves_nothing(tmp_path: Path, settings: ServiceSettings) -> None:
    """However far it came, no half directory is left, nor half of what belongs into one that was there."""
    with pytest.raises(AppProxyError):
        create_state(tmp_path / "state", settings, NOW, {})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AppProxyError):
        create_state(tmp_path, settings, NOW, {})
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_that_does_not_fit_its_key(tmp_path: Path) -> None:
    """The pair is tried when the directory is made, not at the first start."""
    pem = tmp_path / "c.pem"
    pem.write_text("no certificate")
    settings = ServiceSettings(domain="example.com", certificate=str(pem), key=str(pem))
    with pytest.raises(AppProxyError, match="certificate"):
        create_state(tmp_path / "state", settings, NOW, {})


def test_no_settings_says_how_to_make_them(tmp_path: Path) -> None:
    """The hint is a command to copy."""
    with pytest.raises(ConfigError, match=f"appproxy init --state {tmp_path}"):
        read_settings(tmp_path)


def test_a_directory_that_cannot_be_looked_into(tmp_path: Path) -> None:
    """Is told as such, in one line: it is not taken for one that is not there, for which `init` would help."""
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        read_settings(tmp_path / ("x" * 300))
