"""Who may change an identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.connector.enrol.identity_lock import IdentityLock
from appproxy.errors import ConfigError


def test_one_at_a_time(tmp_path: Path) -> None:
    """The next one when it is given back."""
    one, two = IdentityLock(tmp_path / "lock"), IdentityLock(tmp_path / "lock")
    assert one.try_acquire() and not two.try_acquire()
    one.release()
    assert two.try_acquire()


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """Of another user, say: the error names it, and what to do."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(ConfigError, match=r"lock: cannot be opened .*; let the user that the connector runs as write there"):
        IdentityLock(tmp_path / "lock").try_acquire()
