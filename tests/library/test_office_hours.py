"""The example of a stage, installed as a distribution of its own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from appproxy.config import load_service
from appproxy.errors import ConfigError
from appproxy.publish.application import Application
from appproxy.service.dispatch import Dispatcher, ErrorPages, Stage
from appproxy.service.dispatch.order import stages
from appproxy.service.dispatch.plugins import insert, load_stages
from tests.service.dispatch.stage_fakes import OPEN
from tests.service.dispatch.test_order import parts
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import World, requests

EXAMPLE = Path(__file__).parents[2] / "docs" / "library" / "office_hours.py"
#: 2026-12-01 was a Tuesday.
NOON, NIGHT = datetime(2026, 12, 1, 12, tzinfo=UTC), datetime(2026, 12, 1, 23, tzinfo=UTC)
SUNDAY = datetime(2026, 12, 6, 12, tzinfo=UTC)
OFFICE: Application = replace(OPEN, name="office-wiki")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The distribution, where Python looks for distributions."""
    info = tmp_path / "office_hours-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: office-hours\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[appproxy.stages]\noffice-hours = office_hours:OfficeHours\nbroken = office_hours:Nothing\n"
        "no-stage = builtins:dict\n")
    (tmp_path / "office_hours.py").write_text(EXAMPLE.read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("office_hours", None)


def module() -> ModuleType | None:
    """The example, if it was loaded."""
    return sys.modules.get("office_hours")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("when", "application", "is_open"), [
    (NOON, OFFICE, True), (NIGHT, OFFICE, False), (SUNDAY, OFFICE, False), (NIGHT, OPEN, True)])
def test_it_refuses_outside_office_hours(when: datetime, application: Application, is_open: bool) -> None:
    """And only what it is about."""
    world = World(applications=(application,))
    signal = world.welcomed()
    order = insert(stages(parts(world.relay)), load_stages(["office-hours"]))
    exchange = FakeExchange(head_for("https://wiki.example.com/page"))
    Dispatcher(order, ErrorPages(), world, when.timestamp, world.clock)(exchange)
    assert bool(requests(signal.frames())) is is_open and exchange.status == (0 if is_open else 403)


@pytest.mark.usefixtures("installed")
def test_nothing_runs_because_it_is_installed() -> None:
    """Only a name in service.toml loads it."""
    assert load_stages([]) == [] and module() is None
    settings = load_service('domain = "example.com"\nstages = ["office-hours"]', "service.toml")
    assert module() is None
    (stage,) = load_stages(settings.stages)
    assert stage.name == "office-hours" and module() is not None


@pytest.mark.usefixtures("installed")
def test_it_comes_where_it_says() -> None:
    """Right before the stage that it names."""
    names = [stage.name for stage in insert(stages(parts()), load_stages(["office-hours"]))]
    assert names[names.index("office-hours") + 1] == "slash" and names.index("office-hours") > names.index("authorization")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("names", "said"), [
    (["missing"], "no installed distribution has 'missing'.*office-hours"), (["broken"], "cannot be loaded"),
    (["no-stage"], "makes no stage")])
def test_what_cannot_be_loaded_is_said(names: list[str], said: str) -> None:
    """The service does not start without a stage that it was to have."""
    with pytest.raises(ConfigError, match=said):
        load_stages(names)


def test_a_place_that_is_not_there_is_said() -> None:
    """So is a name that is taken."""

    class Lost(Stage):
        name = "lost"
        before = "nowhere"

    class Twin(Stage):
        name = "slash"
        before = "relay"

    for stage, said in ((Lost(), "the stages are connection, "), (Twin(), "already a stage slash")):
        with pytest.raises(ConfigError, match=said):
            insert(stages(parts()), [stage])


@pytest.mark.parametrize("text", ['stages = "office-hours"', 'stages = ["a", "a"]', "stages = [1]", 'stages = [""]'])
def test_settings_that_make_no_sense(text: str) -> None:
    """The error names the key."""
    with pytest.raises(ConfigError, match="service.toml: stages: "):
        load_service(f'domain = "example.com"\n{text}', "service.toml")
