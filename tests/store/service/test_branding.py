"""What an organisation makes of our pages, as it is kept."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.service import branding
from appproxy.store.service import settings as service_settings


def test_texts_are_set_and_taken_back(store: Store, now: float) -> None:
    """Each by its key; what is not named stays, and so do other settings of the service."""
    with store.transaction(now) as tx:
        others = service_settings.get_all(tx)
        assert branding.put(tx, {"name": "Example", "accent": "#0b5cad"}) == {"name": "Example", "accent": "#0b5cad"}
        assert branding.put(tx, {"name": "", "accent": "#000000"}) == {"accent": "#000000"} == branding.get(tx)
        assert branding.reset(tx, ["accent"]) == {} == branding.get(tx) and service_settings.get_all(tx) == others


def test_the_brand_is_made_of_them(store: Store, now: float) -> None:
    """And of nothing else."""
    with store.transaction(now) as tx:
        branding.put(tx, {"name": "Example"})
        found = service_settings.get_all(tx)
    assert branding.texts_of({**found,
        "x.brand.name": "no"}) == {"name": "Example"} and branding.brand_of(found).name == "Example"


def test_a_wrong_text_changes_nothing(store: Store, now: float) -> None:
    """Not even what was right beside it, or was to be taken back."""
    with store.transaction(now) as tx:
        branding.put(tx, {"name": "Example"})
        for wrong in ({"name": "Other", "accent": "no colour"}, {"name": "", "accent": "no colour"}, {"nme": "x"},
            {"nme": ""}):
            with pytest.raises(ConfigError):
                branding.put(tx, wrong)
            assert branding.get(tx) == {"name": "Example"}
        with pytest.raises(ConfigError):
            branding.reset(tx, ["name", "nme"])
        assert branding.get(tx) == {"name": "Example"}
