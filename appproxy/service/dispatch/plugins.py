"""Stages of other distributions: found by entry points, and loaded only when the settings name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points

from appproxy.errors import ConfigError
from appproxy.service.dispatch.stage import Stage

GROUP = "appproxy.stages"


def load_stages(
    names: Sequence[str], find: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=GROUP)
) -> list[Stage]:
    """One stage for each name, made by what its entry point leads to. Raises ConfigError."""
    if not names:
        return []
    points = {point.name: point for point in find()}
    return [_load(name, points) for name in names]


def _load(name: str, points: dict[str, EntryPoint]) -> Stage:
    point = points.get(name)
    if point is None:
        there = ", ".join(sorted(points)) or "none"
        raise ConfigError(f"stages: no installed distribution has {name!r} as an entry point of {GROUP}; installed: {there}")
    try:
        stage = point.load()()
    except Exception as error:
        raise ConfigError(f"stages: {name} ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(stage, Stage):
        raise ConfigError(f"stages: {name} ({point.value}) makes no stage: derive it from appproxy.api.dispatch.Stage")
    return stage


def insert(order: Sequence[Stage], extra: Iterable[Stage]) -> tuple[Stage, ...]:
    """The order with more stages, each right before the stage that its `before` names. Raises ConfigError."""
    found = list(order)
    for stage in extra:
        names = [one.name for one in found]
        if stage.name in names:
            raise ConfigError(f"stages: there is already a stage {stage.name}")
        if stage.before not in names:
            raise ConfigError(f"stages: {stage.name} is to come before {stage.before!r}; the stages are {', '.join(names)}")
        found.insert(names.index(stage.before), stage)
    return tuple(found)
