"""Assignments that end by themselves, in a document of the configuration."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.admin.base.problem import Changed
from appproxy.errors import ConfigError
from appproxy.store.tables import core as schema
from tests.admin.configuration.test_operations import app, apply, difference, doc, export, told
from tests.admin.conftest import NOW

IN_A_MONTH, IN_TWO = "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"


@pytest.fixture
def wiki(desk: Any) -> Any:
    """An application, two groups, and one of them let in for a month."""
    apply(desk, doc(groups=[{"name": "staff"}, {"name": "crew"}], applications=[app("wiki")]))
    desk.call("POST", "/applications/wiki/assignments", {"group": "staff", "expires_at": IN_A_MONTH})
    return desk


def assigned(desk: Any) -> dict[str, str]:
    """What an export says of who may use it: until when, by group."""
    (one,) = export(desk)["applications"]
    return {each["group"]: each.get("expires", "") for each in one.get("assignments", ())}


def test_an_export_has_their_ends(wiki: Any) -> None:
    """To apply it changes nothing, and another end is the one thing that differs, and is made."""
    document = export(wiki)
    assert assigned(wiki) == {"staff": IN_A_MONTH} and difference(wiki, document)["ending"] == []
    assert apply(wiki, document, prune=True)["changes"] == []
    document["applications"][0]["assignments"][0]["expires"] = IN_TWO
    field = "assignments[group staff provider builtin]"
    assert told(difference(wiki, document)) == [("change", "applications", "wiki", (field,))]
    apply(wiki, document)
    assert assigned(wiki) == {"staff": IN_TWO} and difference(wiki, document)["changes"] == []


@pytest.mark.parametrize("ends", [NOW + 86400.25, NOW + 60.999])
def test_parts_of_a_second_make_no_difference(wiki: Any, ends: float) -> None:
    """What was given for an hour from some moment is the same after it was exported."""
    with wiki.store.transaction(NOW) as tx:
        tx.change(sa.update(schema.assignments).values(expires=ends))
    document = export(wiki)
    assert (found := difference(wiki, document))["changes"] == [] and found["ending"] == []


def test_what_no_entry_names_is_told_and_left(wiki: Any) -> None:
    """Nor does `prune` take it: access that was asked for and approved is in no file."""
    document = doc(applications=[app("wiki")])
    found = difference(wiki, document)
    assert found["changes"] == found["only_here"] == []
    ((one,), (field,)) = found["ending"], found["ending"][0]["fields"]
    assert (one["what"], one["name"], field["before"]["expires"], field["after"]) == ("end", "wiki", IN_A_MONTH, None)
    assert apply(wiki, document, prune=True)["ending"] == found["ending"]
    assert assigned(wiki) == {"staff": IN_A_MONTH}


def test_for_good_and_back(wiki: Any) -> None:
    """An entry without an end makes it one for good, and one with an end lets what was for good end."""
    for expires in ("", IN_TWO, ""):
        document = doc(applications=[app("wiki", assignments=[{"group": "staff", "expires": expires}])])
        apply(wiki, document)
        assert assigned(wiki) == {"staff": expires} and difference(wiki, document)["changes"] == []


def test_what_is_over_is_in_no_export(wiki: Any) -> None:
    """Also as long as nobody has swept it away; and a file that names it wants nothing."""
    document = export(wiki)
    with wiki.store.transaction(NOW) as tx:
        tx.change(sa.update(schema.assignments).values(expires=NOW))
    assert assigned(wiki) == {}
    document["applications"][0]["assignments"][0]["expires"] = "2026-07-01T00:00:00Z"
    assert difference(wiki, document)["changes"] == []


def test_longer_than_a_year_is_refused(wiki: Any) -> None:
    """With the path to the application, as every step that is refused."""
    with pytest.raises(ConfigError, match=r"^applications\[0\].*expires_at: must be at most a year from now"):
        apply(wiki, doc(applications=[app("wiki", assignments=[{"group": "crew", "expires": "2028-01-01T00:00:00Z"}])]))
    assert assigned(wiki) == {"staff": IN_A_MONTH}


def test_an_end_meanwhile_is_a_change(wiki: Any) -> None:
    """Who compares, and applies when something else is there, is told so."""
    document = doc(applications=[app("wiki", assignments=[{"group": "crew"}])])
    etag = difference(wiki, document)["etag"]
    wiki.call("POST", "/applications/wiki/assignments", {"group": "staff", "expires_at": IN_TWO})
    with pytest.raises(Changed):
        wiki.call("PUT", "/configuration", {"document": document}, if_match=etag)
