"""A connector in memory, for the tests that need no other one."""

from __future__ import annotations

import pytest

from tests.connector.rig import Rig, SignalPeer


@pytest.fixture
def rig() -> Rig:
    """With the usual limits and one application over HTTP/1.1; nothing has been dialled."""
    return Rig()


@pytest.fixture
def signal(rig: Rig) -> SignalPeer:
    """The service's end of its first signal connection: the connector is online."""
    return rig.online()
