"""Hypothesis gives every run of a commit the same examples, and sets no bound on the time that one takes.

A test that fails is then due to what was changed, and not to the machine or to chance.
`--hypothesis-profile=search` tries examples that nobody has tried yet.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("search"), derandomize=True, database=None)
settings.load_profile("same")
