"""Documents as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.configuration.sections import BRANDING, SECTIONS
from appproxy.admin.configuration.wanted import read_document
from appproxy.errors import ConfigError
from tests.admin.conftest import NOW
from tests.cost.growth import MOST, growth

THERE: dict[str, Any] = {**{name: [] for name in SECTIONS}, BRANDING: {}}
APP = {"name": "wiki", "external": "https://wiki.example.com", "internal": "http://wiki"}


def read(there: dict[str, Any] | None = None, **sections: object) -> dict[str, Any]:
    """A document of these sections."""
    return read_document({"format": 1, **sections}, {**THERE, **(there or {})}, NOW)


def test_an_application_is_complete() -> None:
    """What is left out has its default; URLs are written as they are kept, and settings by their keys."""
    (found,) = read(applications=[{**APP, "settings": {"Session-Hours": "7", "strict": ""}}])["applications"]
    assert (found["external"], found["internal"]) == ("https://wiki.example.com/", "http://wiki/")
    assert (found["preauth"], found["connector_group"], found["providers"]) == ("oidc", "default", ["builtin"])
    assert found["settings"] == {"session_hours": "7"} and (found["segments"], found["cors"]) == ([], [])


def test_names_are_those_of_the_things() -> None:
    """Whichever capitals somebody writes, and also by id; of what is there and of what is to be."""
    there = {"connector_groups": [{"id": "0123", "name": "Lab"}], "groups": [{"id": "g", "name": "Staff"}]}
    people = [{"group": "sTAFF"}, {"user": "Ann"}]
    (found,) = read(there, applications=[{**APP, "connector_group": "LAB", "assignments": people}])["applications"]
    assert found["connector_group"] == "Lab"
    assert [one["group"] or one["user"] for one in found["assignments"]] == ["Staff", "ann"]
    (found,) = read(there, applications=[{**APP, "connector_group": "0123"}])["applications"]
    assert found["connector_group"] == "Lab"
    (policy,) = read(there, applications=[APP], policies=[{
        "name": "p", "state": "on", "users": {"include": ["user:Ann", "builtin/group:STAFF"]},
        "applications": {"include": ["WIKI"]}, "grant": {"require": ["mfa"]}}])["policies"]
    assert policy["users"] == {"include": ["user:ann", "group:Staff"]} and policy["applications"] == {"include": ["wiki"]}


def test_what_has_ended_is_not_wanted() -> None:
    """An assignment is until a moment, whatever its offset; a file that is kept for years goes on to be possible."""
    ends = ("2026-08-01T14:00:00+02:00", "2026-07-01T00:00:00Z", "2026-07-01T00:00:01.9Z", "1999-01-01T00:00:00Z")
    (found,) = read(applications=[{**APP, "assignments": [
        {"user": "ann"}, *({"user": f"u{number}", "expires": text} for number, text in enumerate(ends))]}])["applications"]
    assert [(one["user"], one["expires"]) for one in found["assignments"]] == [
        ("ann", ""), ("u0", "2026-08-01T12:00:00Z"), ("u2", "2026-07-01T00:00:01Z")]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"aplications": []}, "^aplications: no such section; did you mean applications?"),
        ({"format": 2}, "^format: must be 1"),
        ({"applications": {}}, "^applications: a list is needed"),
        ({"applications": ["wiki"]}, r"^applications\[0\]: an object with fields is needed"),
        ({"applications": [{"name": "wiki"}]}, r"^applications\[0\].external: is needed"),
        ({"applications": [{**APP, "nme": "x"}]}, r"^applications\[0\].nme: no such field; did you mean name?"),
        ({"applications": [APP, {**APP, "internal": 1}]}, r"^applications\[1\].internal: a text is needed"),
        ({"applications": [{**APP, "external": "ftp://x"}]}, r"^applications\[0\].external: 'ftp://x' must start"),
        ({"applications": [APP, {**APP, "name": "WIKI"}]},
         r"^applications\[1\]: 'WIKI' is there twice; see applications\[0\]"),
        ({"applications": [{**APP, "settings": {"strct": "no"}}]}, r"^applications\[0\].settings.strct: no such setting"),
        ({"applications": [{**APP, "settings": {"strict": {"file": "x"}}}]}, r"^applications\[0\].settings.strict: a text"),
        ({"applications": [{**APP, "cors": [{"origins": ["x"]}]}]}, r"^applications\[0\].cors\[0\].origins: 'x' must be"),
        ({"applications": [{**APP, "assignments": [{}]}]}, r"^applications\[0\].assignments\[0\].user: give one of"),
        ({"applications": [{**APP, "assignments": [{"user": "a", "provider": "x"}]}]},
         r"^applications\[0\].assignments\[0\].provider: 'x' is none of the application's"),
        ({"applications": [{**APP, "assignments": [{"user": "a", "expires": "tomorrow"}]}]},
         r"^applications\[0\].assignments\[0\].expires: 'tomorrow' is no moment; write it as 2026-12-24T18:00:00Z"),
        ({"applications": [{**APP, "assignments": [{"user": "a", "expires": "2026-08-01T00:00:00Z", "maintainer": True}]}]},
         r"^applications\[0\].assignments\[0\].maintainer: an assignment that ends by itself is no maintainer's"),
        ({"applications": [{**APP, "assignments": [{"user": "a"}, {"user": "A"}]}]},
         r"^applications\[0\].assignments\[1\]: 'user a provider builtin' is there twice"),
        ({"providers": [{"name": "builtin", "issuer": "x"}]}, r"^providers\[0\].issuer: no such field"),
        ({"providers": [{"name": "c", "issuer": "https://c", "client_id": "c", "settings": {"prompt": "x"}}]},
         r"^providers\[0\].settings.prompt: "),
        ({"clients": [{"name": "c", "redirect_uris": [], "secret": 7}]}, r"^clients\[0\].secret: a text is needed"),
        ({"locations": [{"name": "l", "networks": ["x"]}]}, r"^locations\[0\].networks\[0\]: 'x' is no network"),
        ({"policies": [{"name": "p", "state": "on"}]}, r"^policies\[0\].users.include: is needed"),
        ({"roles": [{"role": "emperor", "user": "a"}]}, r"^roles\[0\].there is no role 'emperor'"),
        ({"branding": {"acent": "red"}}, "^branding.acent: no such setting"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_path(sections: dict[str, object], message: str) -> None:
    """So that it is found in the file."""
    with pytest.raises(ConfigError, match=message):
        read(None, **sections)


@pytest.mark.parametrize("document", [None, [], "x", 7])
def test_a_document_is_an_object(document: object) -> None:
    """Of sections."""
    with pytest.raises(ConfigError, match="must be an object"):
        read_document(document, THERE, NOW)


def test_assignments_cost_as_much_as_there_are() -> None:
    """Four times as many take about four times as long, not sixteen."""

    def work(size: int) -> Any:
        people = [{"user": f"u{number}"} for number in range(size)]
        return lambda: read(applications=[{**APP, "assignments": people}])

    assert growth(work, 4000) < MOST


class Counted(str):
    """A name that counts how often any is compared."""

    __slots__ = ()
    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def test_assignments_do_not_go_through_all_providers() -> None:
    """Where each names the last of many, that one is found at once."""
    names = [Counted(f"p{number}") for number in range(500)]
    people = [{"user": f"u{number}", "provider": "p499"} for number in range(100)]
    Counted.compared = 0
    (found,) = read(applications=[{**APP, "providers": names, "assignments": people}])["applications"]
    assert len(found["assignments"]) == 100
    assert Counted.compared < 5000


@pytest.mark.parametrize(("sections", "message"), [
    ({"clients": [{"name": "c", "redirect_uris": [f"https://{n}.x/" for n in range(2001)]}]},
     r"^clients\[0\].redirect_uris: has more than 2000 texts"),
    ({"groups": [{"name": f"g{n}"} for n in range(20_001)]}, "^groups: has more than 20000 entries"),
    ({"applications": [{**APP, "assignments": [{"user": f"u{n}"} for n in range(20_000)]}] * 11},
     "^the lists of the document"),
    ({"policies": [{"name": "p", "users": {"include": ["x"] * 200_001}}]}, "^the lists of the document have more than 200000"),
], ids=["texts", "entries", "all", "parts"])
def test_a_document_has_its_limits(sections: dict[str, object], message: str) -> None:
    """One that goes beyond was made by a mistake, or to keep us busy."""
    with pytest.raises(ConfigError, match=message):
        read(None, **sections)
