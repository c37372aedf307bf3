"""Applications as rows say them: what was read before is not read again, and what differs is another one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications import applications
from appproxy.store.applications.row import _short_settings, application_of
from appproxy.store.database.store import Store


def test_what_was_read_before_is_shared(store: Store, now: float) -> None:
    """A listing gives what the snapshot has; another URL or setting is another one, although the row is the same."""
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki.corp", "https://wiki.example.com", "passthrough")
    with store.reading() as reading:
        first, again = applications.list_all(reading)[0], applications.list_all(reading)[0]
    assert first == again and first.external is again.external
    row: Any = {"id": "i", "name": "n", "external": str(first.external), "internal": "http://wiki.corp",
                "preauthentication": "passthrough", "connector_group": "default", "provider": "builtin", "settings": "{}"}
    one = application_of(row, frozenset())
    assert one.external is first.external and one == application_of(cast(Any, dict(row)), frozenset())
    other = application_of(row | {"settings": '{"connect_timeout": "9"}'}, frozenset())
    assert other == replace(one, connect_timeout=9.0) != one
    assert application_of(row | {"internal": "http://other.corp"}, frozenset()).internal != one.internal


def test_what_cannot_be_read_is_an_error_each_time() -> None:
    """That names the key."""
    row: Any = {"id": "i", "name": "n", "external": "nothing", "internal": "http://wiki.corp",
                "preauthentication": "passthrough", "connector_group": "default", "provider": "builtin", "settings": "{}"}
    for _ in range(2):
        with pytest.raises(ConfigError, match="external"):
            application_of(row, frozenset())


def test_long_settings_are_not_kept() -> None:
    """A list of revoked certificates is another text each hour, and as long as all else: what is gone is let go."""
    row: Any = {"id": "i", "name": "n", "external": "https://w.example.com", "internal": "http://wiki.corp",
                "preauthentication": "passthrough", "connector_group": "default", "provider": "builtin"}
    kept = _short_settings.cache_info().currsize
    for number in range(5):
        application_of(row | {"settings": json.dumps({"description": f"short {number}"})}, frozenset())
    assert _short_settings.cache_info().currsize == kept + 5
    for number in range(5):
        application_of(row | {"settings": " " * 5000 + json.dumps({"description": f"long {number}"})}, frozenset())
    assert _short_settings.cache_info().currsize == kept + 5
