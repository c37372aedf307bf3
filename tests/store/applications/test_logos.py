"""Logos of applications."""

from __future__ import annotations

import pytest

from appproxy.branding.picture import check_picture
from appproxy.errors import NotFound
from appproxy.store.applications import applications, logos
from appproxy.store.database.store import Store
from appproxy.store.snapshot import LogoRecord
from tests.branding.pictures import png

RED, BLUE = check_picture(png(grey=1)), check_picture(png(grey=2))


def test_from_the_first_to_none(store: Store, now: float) -> None:
    """The snapshot knows which there is, not what is in it; another takes the place of the first."""
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        wiki = applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        with pytest.raises(NotFound, match=r"wiki has no logo.*appproxy app logo set wiki FILE"):
            logos.find(tx, "wiki")
        assert (logos.put(tx, "Wiki", RED), logos.digest_of(tx, wiki.id)) == (wiki, RED.digest)
    second = store.build_snapshot(first)
    assert second.logos == {wiki.id: LogoRecord("image/png", RED.digest)} and RED.data not in str(second).encode()
    with store.transaction(now) as tx:
        logos.put(tx, "wiki", BLUE)
        assert logos.find(tx, "wiki") == (wiki, BLUE)
        assert logos.picture(tx, wiki.id, BLUE.digest) == BLUE.data == logos.all_pictures(tx)[wiki.id]
        assert logos.picture(tx, wiki.id, RED.digest) is None, "that is another one"
    with store.transaction(now) as tx:
        logos.remove(tx, "wiki")
        assert (logos.digest_of(tx, wiki.id), logos.all_pictures(tx)) == ("", {})
        with pytest.raises(NotFound):
            logos.remove(tx, "wiki")
    assert store.build_snapshot(second).logos == {}


def test_it_goes_with_its_application(store: Store, now: float) -> None:
    """Nothing of it stays."""
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        logos.put(tx, "wiki", RED)
        applications.remove(tx, "wiki")
        assert (logos.all_pictures(tx), logos.all_of(tx)) == ({}, {})
