"""How long an application may be silent."""

from __future__ import annotations

from appproxy.connector.requests.origin_timeout import is_excused


def test_without_a_connection_there_is_no_excuse() -> None:
    """Waiting for a connection has limits of its own."""
    assert not is_excused(None, None, None)
