"""Policies on the pages: written as JSON, a mistake is shown where it is, and each is tried before it is switched on."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from appproxy.console.access.documents import as_text, line_of, read
from appproxy.errors import ConfigError
from tests.console.conftest import PASSWORD, House, Seat

TEXT = """{
  "state": "on",
  "users": {"include": ["all"]},
  "applications": {
    "include": [
      "wiki",
      "nothing"
    ],
    "exclude": []
  },
  "conditions": {"locations": {"include": ["all"], "exclude": ["office"]}},
  "grant": {"block": true}
}"""


@pytest.mark.parametrize(("message", "line"), [
    ("applications.include[1]: there is no application", 7), ("applications.include[0]: x", 6), ("state: x", 2),
    ("conditions.locations.exclude[0]: there is no location", 11), ("grant.block: x", 12), ("applications: x", 4),
    ("grant.nothing: x", 12), ("line 9, column 3: Expecting value", 9), ("it has been changed since you read it", 0),
    ("with this policy nobody could use wiki: x", 0), ("unknown: x", 0), ("", 0),
])
def test_the_line_of_a_mistake(message: str, line: int) -> None:
    """From the path that an error begins with: as far along it as there is something."""
    assert line_of(TEXT, message) == line


def test_what_is_no_json() -> None:
    """Line and column; a name twice, and brackets without end, are refused, too."""
    with pytest.raises(ConfigError, match="line 2, column 3"):
        read('{\n  state: "on"}')
    for text in ('{"a": 1, "a": 2}', "[" * 100_000, "NaN"):
        with pytest.raises(ConfigError, match="document"):
            read(text)


def document(text: str) -> object:
    """What stands in the editor of a page."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert found
    return json.loads(html.unescape(found[1]))


def tag(text: str) -> str:
    """Of what the page has read."""
    found = re.search(r'name="tag" value="([^"]*)"', text)
    assert found
    return html.unescape(found[1])


@pytest.fixture(autouse=True)
def _nothing_left(house: House) -> Iterator[None]:
    """Of what a test has written, also where it fails."""
    yield
    for kind in ("policies", "locations"):
        for one in house.call("GET", f"/{kind}"):
            house.call("DELETE", f"/{kind}/{quote(one['name'])}")


def test_a_policy_from_the_first_word(house: House) -> None:
    """Checked, kept as report-only, tried on a user, and removed, by who looks after policies."""
    pol = house.seat("pol")
    begun = pol.see("/policies/new").text
    body = {"name": "Codes", "document": json.dumps(document(begun)), "tag": ""}
    checked = pol.send("/policies/new", {**body, "do": "check"}, of="/policies/new")
    assert "Nothing was changed yet" in checked.text and house.call("GET", "/policies") == []
    page = pol.send("/policies/new", {**body, "do": "save"}, of="/policies/new")
    assert page.status == 200 and "It is saved" in page.text and document(page.text) == document(begun)
    assert house.last()["action"] == "policy.set" and house.last()["detail"]["caller"] == "pol"
    tried = pol.see("/policies/Codes?user=rita&application=wiki").text
    assert "Gets in:" in tried and "asks for more" in tried and "report-only" in tried
    assert "Is refused:" in pol.see("/policies/Codes?user=hal&application=wiki").text
    assert "Cannot be said" in pol.see("/policies/Codes?user=hal&application=none").text
    assert ">Codes</a>" in pol.see("/policies").text
    pol.send("/policies/Codes/remove", {}, of="/policies/Codes")
    assert house.call("GET", "/policies") == []


def test_a_mistake_is_shown_in_its_line(house: House) -> None:
    """What was written stays; nothing is kept."""
    pol = house.seat("pol")
    page = pol.send("/policies/new", {"name": "Wrong", "document": TEXT, "do": "save"}, of="/policies/new")
    assert page.status == 404 and "Line 7:" in page.text and 'value="Wrong"' in page.text
    assert document(page.text) == json.loads(TEXT)
    broken = pol.send("/policies/new", {"name": "Wrong", "document": '{"state": }', "do": "save"}, of="/policies/new")
    assert broken.status == 422 and "Line 1:" in broken.text
    for name in ("", "a/b"):
        assert pol.send("/policies/new", {"name": name, "document": "{}", "do": "save"}, of="/policies/new").status == 422
    blocks = {"state": "on", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]}, "grant": {"block": True}}
    locked = pol.send("/policies/new", {"name": "All out", "document": json.dumps(blocks), "do": "save"}, of="/policies/new")
    assert locked.status == 422 and "nobody could use" in locked.text
    assert house.call("GET", "/policies") == []


def test_two_who_write_at_the_same_time(house: House) -> None:
    """The second one is told, and loses nothing of what was written."""
    pol, alice = house.seat("pol"), house.seat("alice")
    house.call("PUT", "/locations/office", {"document": {"networks": ["192.0.2.0/24"]}})
    read_by_both = tag(pol.see("/locations/office").text)
    first = json.dumps({"networks": ["198.51.100.0/24"]})
    assert alice.send("/locations/office", {"document": first, "tag": read_by_both, "do": "save"}).status == 200
    second = pol.send("/locations/office", {"document": '{"networks": ["203.0.113.0/24"]}', "tag": read_by_both, "do": "save"})
    assert second.status == 412 and "changed since you read it" in second.text and "203.0.113.0/24" in second.text
    assert house.call("GET", "/locations/office")["document"]["networks"] == ["198.51.100.0/24"]


@pytest.mark.parametrize(("kind", "document"), [
    ("policies", {"state": "off", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                  "grant": {"require": ["mfa"]}}),
    ("locations", {"networks": ["192.0.2.0/24"]}), ("strengths", {"any_of": [{"amr": ["mfa"]}]}),
    ("contexts", {"applications": {"include": ["all"]}, "paths": ["/admin/*"]}),
])
def test_a_new_one_takes_no_name_that_is_there(house: House, kind: str, document: dict[str, object]) -> None:
    """What somebody else wrote stays, also where it is only checked; and a form that shows no version changes none."""
    pol, path = house.seat("pol"), f"/{kind}/taken"
    house.call("PUT", path, {"document": document})
    form = {"name": "Taken", "document": json.dumps(document)}
    for do in ("save", "check"):
        page = pol.send(f"/{kind}/new", {**form, "do": do}, of=f"/{kind}/new")
        assert page.status == 409 and "already" in page.text and 'value="Taken"' in page.text, do
    assert pol.send(path, {**form, "tag": "", "do": "save"}).status == 412
    assert house.call("GET", path)["version"] == 1
    house.call("DELETE", path)


def test_what_policies_name(house: House, alice: Seat) -> None:
    """Strengths that are built in are there to read; others are written like policies."""
    text = alice.see("/policies").text
    assert "built in" in text and alice.see("/strengths/mfa").status == 200 and "/strengths/mfa/remove" not in alice.see(
        "/strengths/mfa").text
    for path in ("locations", "strengths", "contexts", "policies"):
        assert alice.see(f"/{path}/new").status == 200 and alice.see(f"/{path}/nothing").status == 404


def test_who_may_only_read_policies(house: House) -> None:
    """The help desk tries them on a user and writes none."""
    house.call("PUT", "/policies/quiet", {"document": {
        "state": "off", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"require": ["mfa"]}}})
    hal = house.seat("hal")
    text = hal.see("/policies/quiet?user=rita&application=wiki").text
    assert 'method="post"' not in text and "readonly" in text and "Gets in:" in text
    assert hal.send("/policies/quiet", {"document": "{}", "do": "save"}).status in (403, 422)
    assert hal.send("/policies/quiet/remove", {}).status == 403
    assert hal.see("/policies/new").status == 403
    assert house.call("GET", "/policies/quiet")["version"] == 1


def test_what_a_policy_would_have_done(house: House) -> None:
    """Whom it would touch is on its page, for those who may read users, as soon as somebody comes."""
    document = {"state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]},
                "grant": {"require": ["phishing-resistant"]}}
    house.call("PUT", "/policies/tried", {"document": document})
    pol = house.seat("pol")
    assert "Nobody who has come since" in pol.see("/policies/tried").text
    rita = house.playground.browser()
    assert rita.sign_in("https://wiki.example.org/", "rita", PASSWORD).status in (200, 404)
    house.playground.network.pass_time(10)
    text = pol.see("/policies/tried").text
    assert "<strong>1</strong> users in 1 decisions" in text
    assert "the authentication strength &#39;phishing-resistant&#39;" in text and ">rita</th>" in text
    assert '<option value="7" selected>' in pol.see("/policies/tried?days=7").text
    assert pol.see("/policies/tried?days=70").status == 422
    found = house.call("GET", "/policies/tried/results")
    assert [row["user"] for row in found["by_user"]] == ["rita"] and found["examples"][0]["application"] == "wiki"
    house.call("PUT", "/policies/tried", {"document": {**document, "grant": {"require": ["mfa"]}}})
    assert house.call("GET", "/policies/tried/results")["days"] == []


def test_a_short_list_is_one_line() -> None:
    """What is in it stays to the letter; long lists, and what has brackets, have a line for each."""
    document = {"users": {"include": ["a  b", "c,", "d"]}, "networks": [f"10.0.{number}.0/24" for number in range(99)],
                "odd": ["[", "]"], "none": [], "deep": [{"a": ["x"]}]}
    text = as_text(document)
    assert '"include": ["a  b", "c,", "d"]' in text and '"a": ["x"]' in text and json.loads(text) == document
    assert text.count("10.0.") == 99 and text.count("\n") > 100
