"""Where the audit is exported to, as administrators say it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.admin.base.operation import AdminContext, Command
from appproxy.admin.base.principal import FULL, Forbidden, Principal
from appproxy.admin.operations import ROUTES
from appproxy.errors import ConfigError, NotFound
from tests.admin.conftest import NOW, hash_password

HOOK = {"name": "hook", "url": "https://hooks.example.com/in?token=secret"}


def test_the_life_of_a_destination(desk: Any) -> None:
    """The answer to the first call alone has a webhook's key; neither a listing nor the audit has what may be secret."""
    made = desk.record("POST", "/audit-exports", HOOK)
    assert made["secret"].startswith("whsec_") and made["format"] == "json"
    shown = desk.record("GET", "/audit-exports/hook")
    assert shown == desk.rows("/audit-exports")[0] and "secret" not in shown
    assert shown["url"] == "https://hooks.example.com/in?..." and "token" not in repr(desk.audit())
    assert shown["waiting"] == 1, "the entry of its own making is the first that is exported"
    assert desk.audit()[0].detail == {
        "destination": "https://hooks.example.com:443", "format": "json", "name": "hook", "start": "now"}
    gone = desk.record("DELETE", "/audit-exports/hook")
    assert gone["position"] == shown["position"] and desk.rows("/audit-exports") == []
    with pytest.raises(NotFound):
        desk.call("GET", "/audit-exports/hook")


def test_where_it_begins(desk: Any) -> None:
    """Now, at the beginning, or with an entry that is named."""
    for number in range(3):
        desk.call("POST", "/groups", {"name": f"g{number}"})
    for start, waiting in (("beginning", 4), ("2", 4), ("now", 1)):
        desk.call("POST", "/audit-exports", {"name": start, "url": "syslog://logs", "start": start})
        assert desk.record("GET", f"/audit-exports/{start}")["waiting"] == waiting
    for start in ("0", "yesterday", "-1", "1" * 20):
        with pytest.raises(ConfigError, match="start: "):
            desk.call("POST", "/audit-exports", {"name": "x", "url": "syslog://logs", "start": start})


def test_a_file_is_for_the_machine_s_administrator(desk: Any) -> None:
    """Whoever administers the service from elsewhere writes to no file of its machine."""
    place = {"name": "file", "url": "file:///var/log/audit.jsonl"}
    desk.principal = Principal("user:ann", FULL)
    with pytest.raises(Forbidden, match="there alone"):
        desk.call("POST", "/audit-exports", place)
    desk.principal = Principal.full("local:0")
    assert "secret" not in desk.record("POST", "/audit-exports", place)


def test_trying_one_out_needs_a_service(desk: Any) -> None:
    """Only that can send; what came of it is in the answer and in the audit."""
    desk.call("POST", "/audit-exports", HOOK)
    with pytest.raises(ConfigError, match="no service runs"):
        desk.call("POST", "/audit-exports/hook/test")
    context = AdminContext(desk.principal, NOW, desk.settings, hash_password)
    for told in ("", "the receiver answers 404"):
        operation, call = ROUTES.prepare("POST", "/audit-exports/hook/test", None, replace(context, service_answer=told))
        assert isinstance(operation, Command)
        with desk.store.transaction(NOW) as tx:
            assert operation.perform(tx, call) == {"name": "hook", "problem": told}
        assert desk.audit()[0].detail == {"name": "hook", "problem": told}
