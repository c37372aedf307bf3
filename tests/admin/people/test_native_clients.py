"""Operations on native clients."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError
from tests.admin.conftest import Desk
from tests.admin.people.test_service_tokens import WIKI


def test_the_life_of_a_client(desk: Desk) -> None:
    """Registered, listed, and gone."""
    desk.call("POST", "/applications", WIKI)
    made = desk.record("POST", "/native-clients", {
        "name": "Tool", "applications": ["wiki"], "redirect_uris": ["http://127.0.0.1/cb"]})
    assert desk.rows("/native-clients") == [made] and made["applications"] == ["wiki"]
    assert desk.call("GET", "/native-clients/tool") == made
    changed = desk.record("PATCH", f"/native-clients/{made['id']}", {"device_codes": True})
    assert (made["device_codes"], changed) == (False, {**made, "device_codes": True})
    with pytest.raises(ConfigError, match="device_codes"):
        desk.call("PATCH", "/native-clients/Tool", {})
    assert desk.record("DELETE", f"/native-clients/{made['id']}")["name"] == "Tool"
    assert desk.rows("/native-clients") == []
    assert [row.action for row in desk.audit()][:3] == ["native_client.remove", "native_client.set", "native_client.add"]
