"""Operations on service tokens."""

from __future__ import annotations

import json

import pytest

from appproxy.errors import AppProxyError
from tests.admin.conftest import NOW, Desk

WIKI = {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com"}


def test_the_life_of_a_token(desk: Desk) -> None:
    """Made, shown, rotated, revoked; its text is in the two answers that make one, and nowhere else."""
    desk.call("POST", "/applications", WIKI)
    made = desk.record("POST", "/service-tokens", {
        "name": "ci", "applications": ["wiki"], "networks": ["10.0.0.0/8"], "claims": {"email": "ci@example.com"}})
    assert made["expires"] == NOW + 90 * 86400 and str(made["token"]).startswith("apst_")
    rotated = desk.record("POST", "/service-tokens/ci/rotate", {"overlap": "1h", "expires": "30d"})
    assert rotated["token"] != made["token"] and rotated["former_until"] == NOW + 3600
    assert rotated["expires"] == NOW + 30 * 86400
    shown = desk.record("GET", "/service-tokens/ci")
    assert shown == desk.rows("/service-tokens")[0] and shown["applications"] == ["wiki"] and shown["used"] == 0.0
    assert desk.record("DELETE", "/service-tokens/ci")["name"] == "ci"
    assert desk.rows("/service-tokens") == []
    known = json.dumps([shown, [(row.action, row.detail) for row in desk.audit()]])
    assert not any(str(one["token"])[-43:] in known for one in (made, rotated))
    assert [row.action for row in desk.audit()][:3] == ["service_token.revoke", "service_token.rotate", "service_token.add"]


def test_it_opens_what_there_is(desk: Desk) -> None:
    """An application that is not there is named."""
    with pytest.raises(AppProxyError, match="wikki"):
        desk.call("POST", "/service-tokens", {"name": "ci", "applications": ["wikki"]})
    with pytest.raises(AppProxyError, match="applications"):
        desk.call("POST", "/service-tokens", {"name": "ci", "applications": []})
