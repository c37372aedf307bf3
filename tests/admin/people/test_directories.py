"""Operations on directories."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError, NotFound

CORP = {
    "name": "corp", "kind": "ad", "servers": ["ldaps://dc1"], "bind_name": "us@corp", "bind_password": "canary",
    "user_base": "dc=corp",
}  # fmt: skip


def test_directories(desk: Any) -> None:
    """Added, changed, listed and removed; the password is never shown again, and in no audit."""
    made = desk.record("POST", "/directories", CORP)
    assert desk.record("GET", "/directories/Corp") == made == desk.rows("/directories")[0]
    changed = desk.record("PATCH", "/directories/corp", {"bind_password": "canary-2", "wrong_passwords": 3})
    assert changed == {**made, "wrong_passwords": 3}
    assert desk.audit()[0].detail["changed"] == "bind_password, wrong_passwords"
    assert "canary" not in repr((made, changed, desk.rows("/directories"), desk.audit()))
    with pytest.raises(ConfigError, match="nothing to change"):
        desk.call("PATCH", "/directories/corp", {})
    desk.call("DELETE", "/directories/corp")
    with pytest.raises(NotFound):
        desk.call("GET", "/directories/corp")


@pytest.mark.parametrize("key", ["kind", "servers", "bind_name", "bind_password", "user_base"])
def test_what_is_needed_is_named(desk: Any, key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: is needed"):
        desk.call("POST", "/directories", {name: value for name, value in CORP.items() if name != key})


def test_only_a_running_service_can_ask(desk: Any) -> None:
    desk.call("POST", "/directories", CORP)
    for method, path, body in (("GET", "/report", None), ("POST", "/groups", {"group": "staff"})):
        with pytest.raises(ConfigError, match="no service runs"):
            desk.call(method, "/directories/corp" + path, body)
