"""Operations on relying parties."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.principal import Forbidden
from appproxy.store.snapshot import RoleAssignment
from tests.admin.conftest import Desk

URI = "https://wiki.elsewhere.example/callback"


def test_the_life_of_a_client(desk: Desk) -> None:
    """Registered, shown without its secret, changed, given another one, and gone; the audit has no secret either."""
    made: dict[str, Any] = desk.record("POST", "/clients", {"name": "Wiki", "redirect_uris": [URI]})
    assert made["issuer"] == "https://signin.example.com" and len(made["secret"]) > 40
    shown = desk.record("GET", f"/clients/{made['id']}")
    assert desk.rows("/clients") == [shown] and "secret" not in shown
    changed = desk.record("PATCH", "/clients/wiki", {"post_logout_redirect_uris": [URI]})
    assert changed["redirect_uris"] == changed["post_logout_redirect_uris"] == [URI]
    other: dict[str, Any] = desk.record("POST", "/clients/wiki/rotate", {"overlap": "1h"})
    assert other["secret"] != made["secret"] and other["former_until"] > other["rotated"]
    assert desk.record("DELETE", "/clients/wiki")["name"] == "Wiki"
    assert desk.rows("/clients") == []
    rows = desk.audit()[:4]
    assert [row.action for row in rows] == ["client.remove", "client.rotate", "client.set", "client.add"]
    assert made["secret"] not in str(rows) and other["secret"] not in str(rows)


def test_what_listens_on_this_machine_alone(desk: Desk) -> None:
    """Is not asked for everybody who registers applications: a POST can be a command there."""
    local = {"backchannel_logout_uri": "HTTP://127.0.0.1:9901/quit"}
    desk.call("POST", "/clients", {"name": "Mine", "redirect_uris": [URI], **local})
    desk.principal = roles.principal(
        "user:x", [RoleAssignment("1", "application-administrator", "builtin", "user", "x", "", 0.0, 0.0)])
    desk.call("POST", "/clients", {"name": "Wiki", "redirect_uris": [URI], "backchannel_logout_uri": URI})
    new = {"name": "x", "redirect_uris": [URI], **local}
    for method, path, body in (("PATCH", "/clients/wiki", local), ("POST", "/clients", new)):
        with pytest.raises(Forbidden, match="providers.change"):
            desk.call(method, path, body)
