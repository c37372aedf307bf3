"""The limit of open files, and what is shared out of it."""

from __future__ import annotations

import resource

import pytest

from appproxy.net.descriptors.open_files import raise_limit, shares, spare


@pytest.mark.parametrize(
    ("limit", "users", "few"),
    [(1, 1, 1), (400, 150, 37), (1_024, 384, 96), (4_096, 1_548, 387), (524_288, 261_644, 65_411)],
)
def test_shares(limit: int, users: int, few: int) -> None:
    """Each user may need a connector's data connection, and something is left for everything else."""
    found = shares(limit)
    assert (found.users, found.few) == (users, few)
    assert limit < 4 or 2 * users + spare(limit) <= limit


class _System:
    """The system's word on open files."""

    def __init__(self, soft: int, hard: int, refuses: bool = False) -> None:
        self.now = (soft, hard)
        self.refuses = refuses

    def getrlimit(self, which: int) -> tuple[int, int]:
        assert which == resource.RLIMIT_NOFILE
        return self.now

    def setrlimit(self, which: int, limits: tuple[int, int]) -> None:
        assert which == resource.RLIMIT_NOFILE
        if self.refuses:
            raise ValueError("not allowed to raise maximum limit")
        self.now = limits


@pytest.mark.parametrize(
    ("system", "limit", "after"),
    [
        (_System(1_024, 4_096), 4_096, 4_096),
        (_System(4_096, 4_096), 4_096, 4_096),
        (_System(1_024, 4_096, refuses=True), 1_024, 1_024),
        (_System(1_024, resource.RLIM_INFINITY), 1_000_000, resource.RLIM_INFINITY),
        (_System(1_024, 5_000_000), 1_000_000, 5_000_000),
    ],
)
def test_the_limit_is_raised(monkeypatch: pytest.MonkeyPatch, system: _System, limit: int, after: int) -> None:
    """As far as the system lets us; what it refuses stays as it was."""
    monkeypatch.setattr(resource, "getrlimit", system.getrlimit)
    monkeypatch.setattr(resource, "setrlimit", system.setrlimit)
    assert raise_limit() == limit
    assert system.now[0] == after
