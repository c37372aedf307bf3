"""A service node in memory, for the tests that need no other one."""

from __future__ import annotations

import pytest

from tests.service.world import World


@pytest.fixture
def world() -> World:
    """With one application, and two approved connectors that have not come yet."""
    return World()
