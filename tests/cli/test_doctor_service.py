"""The doctor's look at a service's state directory."""

from __future__ import annotations

from pathlib import Path

from appproxy.cli.doctor_service import examine
from appproxy.cli.findings import Health, Walk
from tests.cli.conftest import NOW

DAY = 86400.0


def health(state: Path, now: float) -> dict[str, Health]:
    """Each step's."""
    walk = Walk(lambda finding: None)
    examine(walk, state, now, {})
    return {finding.step: finding.health for finding in walk.findings}


def test_certificates_age(state: Path) -> None:
    """Good when made, a warning in the last two weeks, broken after the end."""
    steps = ("connectors' certificate", "users' certificate")
    for now, expected in ((NOW, Health.GOOD), (NOW + 360 * DAY, Health.WARNING), (NOW + 366 * DAY, Health.BROKEN)):
        found = health(state, now)
        assert [found[step] for step in steps] == [expected, expected]


def test_another_master_key_is_found(state: Path) -> None:
    """A key that is not this database's is told before anything of the database is read."""
    (state / "master.key").write_text("00" * 32 + "\n")
    found = health(state, NOW)
    assert found["master key and database"] is Health.BROKEN
    assert "users' certificate" not in found
