"""Other names for what is there."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere, NotFound
from appproxy.store.connectors import groups
from appproxy.store.database.store import Store
from appproxy.store.policies import documents, policies
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.renaming import TABLES, rename_all


def test_two_change_their_names(store: Store, now: float) -> None:
    """At once, which one by one could not be; each keeps its id."""
    with store.transaction(now) as tx:
        one, other = groups.add(tx, "one"), groups.add(tx, "other")
        rename_all(tx, "connector group", {"one": "other", "other": "one"})
        assert (groups.find(tx, "one").id, groups.find(tx, "other").id) == (other.id, one.id)


def test_a_name_that_is_taken_or_not_there(store: Store, now: float) -> None:
    """Is refused; so is the id of something else, which would hide that."""
    with store.transaction(now) as tx:
        groups.add(tx, "one")
        other = groups.add(tx, "other")
    for pairs, error in (({"one": "Other"}, AlreadyThere), ({"one": other.id}, AlreadyThere), ({"none": "x"}, NotFound)):
        with pytest.raises(error), store.transaction(now) as tx:
            rename_all(tx, "connector group", pairs)
    with store.reading() as reading:
        assert groups.find(reading, "one").name == "one"


def test_policies_go_on_to_mean_it(store: Store, now: float) -> None:
    """A location is kept by its name: policies that name it get another version."""
    with store.transaction(now) as tx:
        policies.put_location(tx, "office", {"networks": ["192.0.2.0/24"]})
        policies.put(tx, "p", {
            "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
            "conditions": {"locations": {"include": ["office"]}}, "grant": {"require": ["mfa"]}})
        rename_all(tx, "location", {"office": "hq"})
        found = documents.find(tx, DocumentKind.POLICY, "p")
        assert found.document["conditions"] == {"locations": {"include": ["hq"]}} and found.version == 2
        assert documents.find(tx, DocumentKind.LOCATION, "hq").document["name"] == "hq"
        rename_all(tx, "policy", {"p": "q"})
        assert documents.find(tx, DocumentKind.POLICY, "q").document["name"] == "q"
        policies.policy_set(tx)


def test_every_table_has_names() -> None:
    """Of whatever can be renamed."""
    assert all({"id", "name", "name_key"} <= set(table.c.keys()) for table in TABLES.values())
