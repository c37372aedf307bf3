"""Operations on what our pages look like."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.branding import read_logo
from appproxy.errors import ConfigError
from tests.branding.test_logo import PNG, in_base64


def test_from_setting_to_resetting(desk: Any) -> None:
    """What is left out stays, an empty text takes one back, and each change is in the audit."""
    plain = desk.record("GET", "/branding")
    assert set(plain.values()) == {""} and [row["key"] for row in desk.rows("/branding-settings")] == list(plain)
    made = desk.record("PATCH", "/branding", {"settings": {"Name": "Example Works", "accent": "7A1F3D"}})
    assert made == {**plain, "name": "Example Works", "accent": "#7a1f3d"}
    made = desk.record("PATCH", "/branding", {"settings": {"name": "", "footer": "Ours"}})
    assert made == {**plain, "accent": "#7a1f3d", "footer": "Ours"}
    assert desk.record("DELETE", "/branding", {"keys": ["accent"]}) == {**plain, "footer": "Ours"}
    assert desk.record("DELETE", "/branding") == plain
    made = desk.record("PATCH", "/branding", {"settings": {"Logo": in_base64(PNG)}})
    assert made == {**plain, "logo": str(read_logo(in_base64(PNG)))}
    assert desk.rows("/audit")[0]["detail"] == {"logo": made["logo"]}, "the audit is not filled with pictures"
    assert desk.record("DELETE", "/branding") == plain
    actions = [row["action"] for row in desk.rows("/audit")][2:6]
    assert actions == ["branding.reset", "branding.reset", "branding.set", "branding.set"]


@pytest.mark.parametrize(
    ("method", "body"),
    [("PATCH", {}), ("PATCH", {"settings": {"footer": "x", "accent": "#ffffff"}}), ("DELETE", {"keys": ["domain"]})],
)
def test_a_refusal_changes_nothing(desk: Any, method: str, body: dict[str, object]) -> None:
    """A wrong value, or a key that is not the pages', leaves everything as it was."""
    before = desk.record("GET", "/branding")
    domain = desk.record("GET", "/status")["domain"]
    with pytest.raises(ConfigError):
        desk.call(method, "/branding", body)
    assert desk.record("GET", "/branding") == before and desk.record("GET", "/status")["domain"] == domain
