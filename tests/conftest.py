"""What holds for all tests but those from end to end.

Hypothesis gives every run of a commit the same examples, and sets no bound on the time that one takes: a test that fails is
then due to what was changed, and not to the machine or to chance. `--hypothesis-profile=search` tries examples that nobody
has tried yet.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("same")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The cyclic collector does not look through ten thousand tests and all modules again and again: it would take a third
    of the time, here and while the tests run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
