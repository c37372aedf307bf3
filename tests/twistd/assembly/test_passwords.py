"""Only good passwords come in, and only as hashes."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.twistd.assembly.passwords import admit_password


def test_weak_passwords_are_not_admitted() -> None:
    """A good one becomes a hash that is not the password."""
    with pytest.raises(ConfigError, match="password"):
        admit_password("alice", "short")
    assert admit_password("alice", "correct horse battery staple").startswith("$argon2id$")
