"""How many requests may be sent, at a real service."""

from __future__ import annotations

import pytest

from tests.end_to_end.system import System, shared_system
from tests.end_to_end.world import until


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """In order."""
    made = shared_system(request, tmp_path_factory)
    made.repair()
    return made


def test_a_flood_from_one_address(system: System) -> None:
    """Gets 429 and when to come again; another address does not notice, and the flood is in the access log by name."""
    system.call("PATCH", "/applications/raw", settings={"address_rate": "0.02/20"})
    try:
        flood, other = system.visitor(), system.visitor("127.0.0.2")
        statuses = [flood.get(system.url("raw", "/")).status for _ in range(30)]
        assert 0 < statuses.count(429) <= 10 and 429 not in statuses[:20], statuses
        refused = flood.get(system.url("raw", "/"))
        assert refused.status == 429 and 1 <= int(refused.headers["retry-after"]) <= 50
        assert 'r=0;t=' in refused.headers["ratelimit"]
        assert other.get(system.url("raw", "/")).status != 429
        assert "127.0.0.1" not in system.admin("blocklist", "--least", "1000")
        assert "blocked4 { 127.0.0.1/32 timeout 1h }" in system.admin("blocklist", "--least", "5")
        log = system.state / "access.log"
        until(lambda: '"failure": "RATE_EXCEEDED"' in log.read_text() or '"failure":"RATE_EXCEEDED"' in log.read_text(),
              "the access log does not tell", 20)
    finally:
        system.call("PATCH", "/applications/raw", settings={"address_rate": "none"})
