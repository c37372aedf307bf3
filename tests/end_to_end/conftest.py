"""One world for all tests that only use it; those that break things make their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end import network
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, environment

pytest_plugins = ("tests.end_to_end.second_tries",)

#: Files that take longest, the longest first. Where several run at a time these begin, so that none goes on alone in the end.
LONGEST = (
    "reload", "acme", "late_answers", "mesh", "policies", "away_database", "kept_connections", "operation", "fault_packets",
    "fault_commands", "fault_surroundings", "doctor", "refresh", "published_sites", "fault_processes", "library",
    "identity_provider", "fault_link", "nodes", "api_conformance",
)  # fmt: skip


def pytest_sessionstart(session: pytest.Session) -> None:
    """Whoever runs tests does it in a network of its own."""
    config = session.config
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):  # not one that only hands them out
        network.enter_own()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; pytest-xdist hands them out in this order (with `--no-loadscope-reorder`)."""
    rank = {f"test_{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def make_world(directory: Path) -> Iterator[World]:
    """A built world that ends, whatever happens."""
    logs = directory / "logs"
    logs.mkdir()
    with Supervisor(logs, environment()) as supervisor:
        world = World(directory, supervisor)
        world.build()
        yield world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world that everybody shares."""
    yield from make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def own_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of one file's own, in which things may be stopped and broken."""
    yield from make_world(tmp_path_factory.mktemp("own"))


@pytest.fixture
def visitor(world: World) -> Visitor:
    """A browser's stand-in, signed in nowhere."""
    return Visitor(world.port, world.anchor)


@pytest.fixture
def alice(visitor: Visitor, world: World) -> Visitor:
    """A visitor who has signed in to the sample application as alice."""
    visitor.sign_in(world.url("sample"), "alice")
    return visitor
