"""An entry as JSON, in three schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.admin.noted import NOTED
from appproxy.export.entry import ExportedEntry
from appproxy.export.formats import FORMATS, written
from appproxy.store.service.actions import EVENTS

SIGN_IN = ExportedEntry(
    "example.com", 7, 1782864000.25, "user:5f3c", "sign-in.refused", "5f3c",
    {"address": "192.0.2.1", "client": "Firefox", "application": "wiki", "provider": "entra", "name": "ann",
     "reason": "not assigned"}, "ab" * 32)
ADDED = ExportedEntry(
    "example.com", 8, 1782864001.0, "user:5f3c", "user.add", "u1",
    {"name": "bob", "groups": ["staff"], "from": "192.0.2.9", "caller": "Ann", "caller_provider": "entra"}, "cd" * 32)


def made(entry: ExportedEntry, name: str) -> dict[str, Any]:
    """As it is sent."""
    found: dict[str, Any] = json.loads(written(entry, name))
    return found


def test_our_own_words() -> None:
    """As the command and the API have it, with the id by which doubles are dropped."""
    assert made(SIGN_IN, "json") == {
        "id": "7-" + "ab" * 8, "service": "example.com", "number": 7, "time": "2026-07-01T00:00:00.250Z", "actor": "user:5f3c",
        "action": "sign-in.refused", "target": "5f3c", "detail": dict(SIGN_IN.detail), "link": "ab" * 32,
    }  # fmt: skip


def test_ecs() -> None:
    """Who, from where, and what came of it, in the fields that searches and rules look at."""
    found = made(SIGN_IN, "ecs")
    assert found["@timestamp"] == "2026-07-01T00:00:00.250Z"
    event = found["event"]
    assert (event["id"], event["category"], event["type"]) == (SIGN_IN.id, ["authentication"], ["start"])
    assert (event["outcome"], event["action"], event["reason"]) == ("failure", "sign-in.refused", "not assigned")
    assert found["user"] == {"id": "5f3c", "name": "ann"} and found["source"] == {"ip": "192.0.2.1"}
    assert found["user_agent"] == {"original": "Firefox"}
    assert found["related"] == {"user": ["5f3c", "ann"], "ip": ["192.0.2.1"]}
    assert found["appproxy"]["detail"] == dict(SIGN_IN.detail)
    admin = made(ADDED, "ecs")
    assert admin["user"] == {"id": "5f3c", "name": "Ann"} and admin["source"] == {"ip": "192.0.2.9"}
    assert admin["event"]["category"] == ["iam"] and admin["event"]["outcome"] == "success"


def test_ocsf() -> None:
    """The class with the fields that it needs, and its arithmetic."""
    found = made(SIGN_IN, "ocsf")
    assert (found["class_uid"], found["activity_id"], found["type_uid"]) == (3002, 1, 300201)
    assert (found["status_id"], found["severity_id"], found["time"]) == (2, 2, 1782864000250)
    assert found["user"] == {"uid": "5f3c", "name": "ann"} and found["service"] == {"name": "wiki"}
    assert found["metadata"]["uid"] == SIGN_IN.id and found["metadata"]["version"] == "1.3.0"
    admin = made(ADDED, "ocsf")
    assert (admin["class_uid"], admin["type_uid"]) == (3001, 300101)
    assert admin["user"] == {"uid": "u1", "name": "bob"} and admin["actor"]["user"]["name"] == "Ann"


@pytest.mark.parametrize("action", sorted({*EVENTS, *NOTED}))
@pytest.mark.parametrize("name", FORMATS)
def test_every_action_can_be_written(action: str, name: str) -> None:
    """In each format, also without any detail, with what its class needs."""
    entry = ExportedEntry("example.com", 1, 0.0, "anonymous", action, "", {}, "")
    found = made(entry, name)
    if name == "ocsf":
        needed = {3001: "user", 3002: "user", 3004: "entity", 3005: "privileges", 3006: "group"}[found["class_uid"]]
        assert found[needed] and found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))), st.text(), st.text())
def test_one_line_of_ascii(detail: dict[str, object], actor: str, target: str) -> None:
    """Whatever is in it: no line break, no other encoding, and what was said can be read again."""
    for name in FORMATS:
        text = written(ExportedEntry("example.com", 1, 0.0, actor, "user.set", target, detail, ""), name)
        assert text.isascii() and b"\n" not in text and b"\r" not in text
        found = json.loads(text)
        assert detail in (found.get("detail"), found.get("appproxy", found.get("unmapped", {})).get("detail"))
