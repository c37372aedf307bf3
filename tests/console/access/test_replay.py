"""Policies on the decision log, from the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from appproxy.twistd.assembly.replaying import LogReplay
from tests.console.conftest import House, Seat

REPORT = {
    "decisions": 1200, "skipped": 3, "unreadable": 0, "unsure": 2, "first": 1782864000.0, "last": 1782950400.0,
    "new_groups": ["group:auditors"],
    "changes": [{"before": "pass", "after": "sign in", "decisions": 40, "users": 2, "examples": ["<ann> at wiki"]}],
    "policies": [{"policy": "night", "state": "on", "effect": "asks for more", "decisions": 40, "users": 2}],
}
NIGHT = {"users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"require": ["mfa"]}, "state": "off"}


@pytest.fixture
def commands(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[Any]]]:
    """The command lines that were run, each with the documents of its files; all answer `REPORT`."""
    run: list[list[Any]] = []

    def ran(self: object, command: list[str]) -> Deferred[object]:
        run.append([json.loads(Path(one).read_text()) if one.endswith(".json") else one for one in command[5:]])
        return succeed(REPORT)

    monkeypatch.setattr(LogReplay, "_run", ran)
    house.call("PUT", "/policies/night", {"document": NIGHT})
    yield run
    house.call("DELETE", "/policies/night")


def test_without_one_that_is_saved(commands: list[list[Any]], alice: Seat) -> None:
    """It is chosen by its name; the report says who would have got another answer, and what the log does not have."""
    assert 'href="/policy-replay"' in alice.see("/policies").text
    assert '<input type="checkbox" id="w-1" name="without" value="night">' in alice.see("/policy-replay").text
    page = alice.send("/policy-replay", {"without": "night", "age": "7d"}, of="/policy-replay")
    assert page.status == 200 and commands == [["policy", "replay", "--json", "--without=night", "--since=10080m"]]
    assert 'name="without" value="night" checked>' in page.text and '<option value="7d" selected>' in page.text
    for text in ("1,200 decisions, from 2026-07-01 00:00 UTC", "compared with what the saved policies make of them", "sign in",
                 "&lt;ann&gt; at wiki", "3 more were not logged", "No session holds group:auditors yet", "asks for more"):
        assert text in page.text, text
    alice.send("/policy-replay", {"age": ""}, of="/policy-replay")
    assert commands[-1] == ["policy", "replay", "--json"]


def test_a_document_that_is_not_saved(house: House, commands: list[list[Any]], alice: Seat) -> None:
    """What is written is tried in place of what is saved, stays in its field, and is not saved."""
    text = json.dumps({**NIGHT, "state": "on"})
    page = alice.send("/policies/night", {"document": text, "do": "replay", "age": "1d"}, of="/policies/night")
    assert page.status == 200 and "On the decision log" in page.text and "&#34;on&#34;" in page.text
    assert commands == [["policy", "replay", "--json", "--since=1440m", {**NIGHT, "state": "on", "name": "night"}]]
    assert house.call("GET", "/policies/night")["document"]["state"] == "off"
    new = alice.send("/policies/new", {"name": "dawn", "document": text, "do": "replay", "age": ""}, of="/policies/new")
    assert new.status == 200 and commands[-1][-1]["name"] == "dawn"
    assert "dawn" not in {one["name"] for one in house.call("GET", "/policies")}


def test_several_at_once(commands: list[list[Any]], alice: Seat) -> None:
    """Documents that are not saved, and some that are left out, in one trial; what was written stays."""
    documents = [{**NIGHT, "name": "night", "state": "on"}, {**NIGHT, "name": "dawn"}]
    page = alice.send("/policy-replay", {"age": "", "policies": json.dumps(documents)}, of="/policy-replay")
    assert page.status == 200 and commands == [["policy", "replay", "--json", *documents]] and "dawn" in page.text
    for text in ("{", "7", "[7]"):
        page = alice.send("/policy-replay", {"age": "", "policies": text}, of="/policy-replay")
        assert page.status == 422 and 'name="policies" rows="6"' in page.text and 'aria-invalid="true"' in page.text, text
    assert len(commands) == 1


def test_what_is_wrong_is_said_with_the_form_kept(commands: list[list[Any]], alice: Seat) -> None:
    """A document that is none, and a time that is none, start nothing."""
    for form in ({"document": "[]", "do": "replay"}, {"document": "{", "do": "replay"}):
        assert alice.send("/policies/night", form, of="/policies/night").status in (400, 422)
    page = alice.send("/policy-replay", {"age": "soon"}, of="/policy-replay")
    assert page.status == 422 and 'role="alert"' in page.text and commands == []


def test_where_no_log_is_written(house: House, alice: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service says what to set."""
    from appproxy.errors import ConfigError

    def ran(self: object, command: list[str]) -> Deferred[object]:
        raise ConfigError("no decision log is written", hint="set decision_log in service.toml")

    monkeypatch.setattr(LogReplay, "_run", ran)
    page = alice.send("/policy-replay", {"age": ""}, of="/policy-replay")
    assert page.status == 422 and "set decision_log in service.toml" in page.text


def test_who_may_not_read_users(house: House) -> None:
    """The log says who was where: the page and its link are for those who may read users."""
    con = house.seat("con")
    assert con.see("/policy-replay").status == 403 and con.send("/policy-replay", {"age": ""}).status == 403
