"""What may take the place of an application's lists of revoked certificates."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications.machine_lists import refuse_empty, refuse_older
from tests.pki.chains import NOW, crl, make

PLANT, OTHER = (make(name, authority=True) for name in ("Plant", "Other"))


def settings(text: str, authority: str = PLANT.pem) -> dict[str, str]:
    """Of an application."""
    return {"machine_authority": authority, "machine_crl": text}


def test_an_empty_text() -> None:
    """Is refused where there is a list; `none` is none."""
    with pytest.raises(ConfigError, match="an empty text"):
        refuse_empty(" \n", settings(crl(PLANT)))
    for before in ({}, settings("none")):
        refuse_empty("", before)
    refuse_empty("none", settings(crl(PLANT)))


def test_an_older_list() -> None:
    """Of the same issuer is refused, also where the newer one has ended and the authority was renewed under its key."""
    renewed = make("Plant", authority=True, private=PLANT.private)
    old, new = crl(PLANT, number=4), crl(PLANT, number=5, ends=NOW - 60, begins=NOW - 200_000)
    for authority in (PLANT.pem, renewed.pem):
        with pytest.raises(ConfigError, match=r"^machine_crl: the list number 4 .* is older") as caught:
            refuse_older(settings(new), settings(old, authority))
        assert "--older-crl" in caught.value.hint
    refuse_older(settings(old), settings(crl(PLANT, number=5)))
    refuse_older(settings(old), settings(old))


def test_what_cannot_be_compared() -> None:
    """Another authority's, one that counts for nobody, none before or after."""
    old, new = crl(PLANT, number=4), crl(PLANT, number=5)
    refuse_older(settings(new), settings(crl(OTHER, number=1), OTHER.pem))
    refuse_older(settings(new), settings(old, ""))
    refuse_older({}, settings(old))
    refuse_older(settings(new), settings(""))
