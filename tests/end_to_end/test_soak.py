"""The soak of `make soak`, for some seconds: it counts what fails, and says so."""

from __future__ import annotations

import random

import pytest

from tests.end_to_end.soak import FAULTS, Fault, Report, soak
from tests.end_to_end.system import CONNECTORS, System, shared_system


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system that is soaked."""
    return shared_system(request, tmp_path_factory)


def test_a_short_soak(system: System) -> None:
    """Connectors are stopped and moved, settings changed: no request fails, each answer is its own, nothing is left behind."""
    system.repair()
    chosen = [one for one in FAULTS if one.name in ("connector stopped", "connector moved", "settings changed")]
    report = soak(system, 6.0, 7, chosen, say=lambda text: None)
    assert report.wrong == [] and report.reasons == []
    assert len(report.done) == 6 and min(report.done.values()) > 0
    assert sum(report.faults.values()) >= 1


def test_what_fails_is_counted(system: System) -> None:
    """By user and application, unless the fault excuses it; the report then says that it is wrong."""
    system.repair()
    report = soak(system, 1.0, 7, [Fault("both killed", kill_both)], say=lambda text: None)
    assert report.failed and any("requests of " in one for one in report.wrong) and report.reasons
    system.repair()
    report = soak(system, 1.0, 7, [Fault("both killed", kill_both, excuses=True)], say=lambda text: None)
    assert report.wrong == [] and report.excused and not report.failed


def kill_both(system: System, chance: random.Random) -> None:
    """Nobody is left for what is under way."""
    for name in CONNECTORS:
        system.kill(name)
    for name in CONNECTORS:
        system.start_connector(name)


def test_what_has_grown_is_wrong() -> None:
    """Memory and files may differ a little, what is under way not at all."""
    report = Report(1.0)
    report.before = {"service MiB": 80.0, "service files": 30, "requests in flight": 0}
    report.after = {"service MiB": 119.0, "service files": 69, "requests in flight": 0}
    assert report.wrong == []
    report.quiet = [{"service MiB": each} for each in (118.0, 120.0, 119.0, 118.5)]
    assert report.wrong == []
    report.quiet[2]["service MiB"] = 120.5
    assert report.wrong == ["service MiB: 118, 120, 120.5, 118.5 in quiet rounds, more than 2 apart"]
    for name, value in (("service MiB", 121.0), ("service files", 71.0), ("requests in flight", 1)):
        grown = Report(1.0, before=report.before, after={**report.after, name: value})
        assert len(grown.wrong) == 1 and grown.wrong[0].startswith(name)
