"""Settings of the service as a whole."""

from __future__ import annotations

import pytest

from appproxy.errors import StoreError
from appproxy.store import service_settings
from appproxy.store.database import Store


def test_what_is_put_is_there(store: Store, now: float) -> None:
    """And in the snapshot; the last value counts."""
    with store.transaction(now) as tx:
        service_settings.put(tx, "color", "red")
        service_settings.put(tx, "color", "blue")
    assert store.build_snapshot().settings["color"] == "blue"


def test_a_database_without_a_domain_is_told_as_such(empty_store: Store) -> None:
    """It was not made by init."""
    with empty_store.reading() as reading, pytest.raises(StoreError, match="appproxy init"):
        service_settings.place(reading)
