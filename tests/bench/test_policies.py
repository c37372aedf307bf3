"""The large set of the bench is one that admins could write."""

from __future__ import annotations

from random import Random

from appproxy.policy.conditional.documents.reading import read_location, read_policy
from bench import policies


def test_its_policies_are_good() -> None:
    """Each of them, and some for everybody."""
    made = [read_policy(document) for document in policies.documents(Random(1))]
    assert len(made) == policies.POLICIES
    assert len([one for one in made if one.included.everyone and one.applications is None]) == 50


def test_its_locations_are_good() -> None:
    """Each of them."""
    for one in policies.locations(Random(1))[:5]:
        document = {"name": one.name, "networks": list(one.networks)}
        assert len(read_location(document).networks) == policies.NETWORKS
