"""Operations on native clients."""

from __future__ import annotations

from tests.admin.conftest import Desk
from tests.admin.test_service_tokens import WIKI


def test_the_life_of_a_client(desk: Desk) -> None:
    """Registered, listed, and gone."""
    desk.call("POST", "/applications", WIKI)
    made = desk.record("POST", "/native-clients", {
        "name": "Tool", "applications": ["wiki"], "redirect_uris": ["http://127.0.0.1/cb"]})
    assert desk.rows("/native-clients") == [made] and made["applications"] == ["wiki"]
    assert desk.record("DELETE", f"/native-clients/{made['id']}")["name"] == "Tool"
    assert desk.rows("/native-clients") == []
    assert [row.action for row in desk.audit()][:2] == ["native_client.remove", "native_client.add"]
