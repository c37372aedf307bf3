"""What holds for all tests but those from end to end.

Hypothesis gives every run of a commit the same examples, and sets no bound on the time that one takes: a test that fails is
then due to what was changed, and not to the machine or to chance. `--hypothesis-profile=search` tries examples that nobody
has tried yet.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Generator, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, settings

from appproxy.admin.noted import CALLER, NOTED
from appproxy.store.service import audit
from appproxy.store.service.actions import EVENTS
from appproxy.store.service.audit import AuditEntry
from appproxy.store.transaction import Transaction

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A name with an object's address, or a key, is another one in each process, and then pytest-xdist runs no test at all."""
    for item in items:
        if re.search(r" at 0x[0-9a-f]{6,}|-----\\+nMII[A-Za-z0-9+/]", item.nodeid):
            raise pytest.UsageError(f"{item.nodeid}: give this parameter an id that is the same in each process")


@pytest.fixture(scope="session", autouse=True)
def audited() -> Iterator[None]:
    """Whatever a test has written into the audit has no key that docs/audit.md does not name."""
    record_all = audit.record_all

    def checked(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
        for one in entries:
            event = EVENTS.get(one.action)
            if event is None and one.action not in NOTED:
                continue  # a test's own: no code has such an action
            known = {*NOTED.get(one.action, ()), *CALLER, *(() if event is None else event.keys)}
            missing = sorted(set(one.detail) - known)
            where = "appproxy/admin/noted.py" if event is None else "appproxy/store/service/actions.py"
            assert not missing, f"the audit's {one.action} has keys that {where} does not name: {', '.join(missing)}"
        record_all(tx, entries)

    audit.record_all = checked
    yield
    audit.record_all = record_all
