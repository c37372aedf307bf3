"""What parents of workers share; the rest is in the tests of either parent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from appproxy.errors import ConfigError
from appproxy.twistd.workers.workforce import Generation


def test_a_generation_is_there_once() -> None:
    """Whatever is said of it later."""
    settings: Any = SimpleNamespace(workers=2, drain_seconds=1.0)
    good, bad = Generation(1, settings), Generation(2, settings)
    good.succeed()
    good.fail("too late")
    failures: list[Any] = []
    bad.ready.addErrback(failures.append)
    bad.fail("the first reason")
    bad.succeed()
    assert good.ready.called and failures[0].check(ConfigError) and "the first reason" in failures[0].getErrorMessage()
