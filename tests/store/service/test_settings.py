"""Settings of the service as a whole."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError, StoreError
from appproxy.store.database.store import Store
from appproxy.store.service import settings as service_settings
from appproxy.store.service.place import PublicAddress


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


def test_settings_that_mean_another_place_are_refused(store: Store) -> None:
    """URLs are in the database since `init`: with another domain or port nobody could sign in. What to do is named."""
    with store.reading() as reading:
        found = service_settings.place(reading)
        service_settings.check_place(reading, found)
        with pytest.raises(ConfigError, match=f"public_port = {found.public_port} "):
            service_settings.check_place(reading, PublicAddress(found.domain, found.public_port + 1))
        with pytest.raises(ConfigError, match=f'domain = "{found.domain}"'):
            service_settings.check_place(reading, PublicAddress("other.example.net", found.public_port))
