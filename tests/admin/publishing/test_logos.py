"""Operations on logos of applications."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError, NotFound
from tests.branding.pictures import in_base64, png

PATH = "/applications/wiki/logo"


def test_from_giving_to_taking_away(desk: Any) -> None:
    """The application says which it has; the audit is not filled with pictures."""
    desk.record("POST", "/applications", {
        "name": "wiki", "internal": "http://wiki/", "external": "https://wiki.example.com/"})
    assert desk.record("GET", "/applications/wiki")["logo"] == ""
    picture = in_base64(png(30, 20))
    made = desk.record("PUT", PATH, {"picture": picture})
    assert (made["kind"], made["width"], made["height"], made["size"]) == ("image/png", 30, 20, len(png(30, 20)))
    assert desk.record("GET", "/applications/wiki")["logo"] == made["digest"]
    assert desk.record("GET", PATH) == {**made, "picture": picture}
    assert desk.rows("/audit")[0]["detail"] == {"name": "wiki", **made}
    assert desk.record("DELETE", PATH)["name"] == "wiki"
    assert [row["action"] for row in desk.rows("/audit")][:2] == ["application.remove_logo", "application.set_logo"]
    with pytest.raises(NotFound, match="wiki has no logo"):
        desk.record("GET", PATH)


@pytest.mark.parametrize("picture", ["", "x", in_base64(b"<svg/>"), in_base64(png(2000, 1))])
def test_what_is_no_such_picture_changes_nothing(desk: Any, picture: str) -> None:
    """And the field is named."""
    desk.record("POST", "/applications", {
        "name": "wiki", "internal": "http://wiki/", "external": "https://wiki.example.com/"})
    with pytest.raises(ConfigError, match="^picture: "):
        desk.record("PUT", PATH, {"picture": picture})
    assert desk.record("GET", "/applications/wiki")["logo"] == ""
