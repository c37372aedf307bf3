"""A database of countries: read, taken up when it changes, and kept when the new one is broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from appproxy.errors import ConfigError
from appproxy.policy.conditional.locations import Locations
from appproxy.store.database.store import Store
from appproxy.store.policies import policies
from appproxy.store.policies.countries import CountryDatabase


def written(path: Path, countries: dict[str, str]) -> Path:
    """A database of these networks."""
    writer = MMDBWriter(6, "GeoLite2-Country", ipv4_compatible=True)
    for network, code in countries.items():
        writer.insert_network(IPSet([network]), {"country": {"iso_code": code}})
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"continent": {"code": "EU"}})
    fresh = path.with_suffix(".new")
    writer.to_db_file(str(fresh))
    os.replace(fresh, path)
    return path


@pytest.mark.parametrize(("address", "code"), [
    ("192.0.2.9", "DE"), ("2001:db8::1", "AT"), ("198.51.100.1", None), ("203.0.113.1", None), ("", None), ("nonsense", None),
])
def test_countries_of_addresses(tmp_path: Path, address: str, code: str | None) -> None:
    """What the file does not say is not known."""
    database = CountryDatabase(written(tmp_path / "c.mmdb", {"192.0.2.0/24": "DE", "2001:db8::/32": "AT"}))
    assert database.country_of(address) == code


def test_places_of_addresses(tmp_path: Path) -> None:
    """A file of cities has them; one of countries, or of an older kind, does not."""
    writer = MMDBWriter(6, "GeoLite2-City", ipv4_compatible=True)
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"location": {"latitude": 52.5, "longitude": 13.25}})
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"location": {"time_zone": "UTC"}})
    writer.to_db_file(str(tmp_path / "c.mmdb"))
    database = CountryDatabase(tmp_path / "c.mmdb")
    assert database.place_of("192.0.2.9") == (52.5, 13.25)
    assert [database.place_of(one) for one in ("198.51.100.1", "203.0.113.1", "nonsense", "")] == [None] * 4


def test_without_a_good_file_nothing_starts(tmp_path: Path) -> None:
    """None there, and another kind of file."""
    with pytest.raises(ConfigError, match="^country_database: .*cannot be read"):
        CountryDatabase(tmp_path / "none.mmdb")
    (tmp_path / "c.mmdb").write_bytes(b"no database" * 100)
    with pytest.raises(ConfigError, match="^country_database: "):
        CountryDatabase(tmp_path / "c.mmdb")


def test_a_new_file_is_taken_up(tmp_path: Path) -> None:
    """And a broken one is not."""
    path = written(tmp_path / "c.mmdb", {"192.0.2.0/24": "DE"})
    database = CountryDatabase(path)
    assert not database.refresh()
    written(path, {"192.0.2.0/24": "AT"})
    assert database.refresh()
    assert database.country_of("192.0.2.1") == "AT"
    path.write_bytes(b"broken" * 100)
    assert not database.refresh()
    assert not database.refresh()
    path.unlink()
    assert not database.refresh()
    assert database.country_of("192.0.2.1") == "AT"


def test_a_snapshot_follows_the_file(store: Store, now: float, tmp_path: Path) -> None:
    """Without any change of the store; what else is in it stays."""
    path = written(tmp_path / "c.mmdb", {"192.0.2.0/24": "DE"})
    store.use_countries(CountryDatabase(path))
    with store.transaction(now) as tx:
        policies.put_location(tx, "home", {"countries": ["DE"]})
        policies.put(tx, "p", {"state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                               "conditions": {"locations": {"include": ["home"]}}, "grant": {"block": True}})
    first = store.build_snapshot()
    assert first.policies.locations.of("192.0.2.1") == {"home"}
    assert store.build_snapshot(first) is first
    assert not store.countries_changed()
    written(path, {"198.51.100.0/24": "DE"})
    assert store.countries_changed()
    second = store.build_snapshot(first)
    assert second.policies.locations.of("192.0.2.1") == frozenset()
    assert second.policies.locations.of("198.51.100.1") == {"home"}
    assert second.applications is first.applications
    assert store.build_snapshot(second) is second


def test_without_a_database_no_country_is_known() -> None:
    """A location of countries is nowhere."""
    assert Locations().of("192.0.2.1") == frozenset()
