"""Stages of other distributions: found by entry points, and loaded only when the settings name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from appproxy.errors import ConfigError
from appproxy.plugins import Plugins
from appproxy.service.dispatch.stage import Stage

_PLUGINS = Plugins("appproxy.stages")


def load_stages(names: Sequence[str]) -> list[Stage]:
    """One stage for each name, made by what its entry point leads to. Raises ConfigError."""
    return [_load(name) for name in names]


def _load(name: str) -> Stage:
    stage = _PLUGINS.make(name, "stages")
    if not isinstance(stage, Stage):
        raise ConfigError(f"stages: {name} makes no stage: derive it from appproxy.api.dispatch.Stage")
    return stage


def insert(order: Sequence[Stage], extra: Iterable[Stage]) -> tuple[Stage, ...]:
    """The order with more stages, each right before the stage that its `before` names. Raises ConfigError."""
    found = list(order)
    for stage in extra:
        names = [one.name for one in found]
        if stage.name in names:
            raise ConfigError(f"stages: there is already a stage {stage.name}")
        if stage.before not in names:
            raise ConfigError(f"stages: {stage.name} is to come before {stage.before!r}",
                              hint=f"the stages are {', '.join(names)}")
        found.insert(names.index(stage.before), stage)
    return tuple(found)
