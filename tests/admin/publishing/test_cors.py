"""Operations on CORS rules."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import NotFound

APP = "https://app.example.org"


def test_from_adding_to_removing(desk: Any) -> None:
    """What is left out of a change stays; each change is in the audit."""
    desk.call("POST", "/applications", {"name": "api", "internal": "http://a/", "external": "https://api.example.com/"})
    made = desk.record("POST", "/applications/api/cors", {"origins": [APP], "methods": ["PUT"], "credentials": True})
    assert made == {"resource": "/", "origins": [APP], "methods": ["PUT"], "headers": [], "exposed": [],
                    "credentials": True, "max_age": 5}
    changed = desk.record("PATCH", "/applications/api/cors", {"headers": ["x-own-*"], "max_age": 60})
    assert changed == {**made, "headers": ["x-own-*"], "max_age": 60}
    assert desk.record("PATCH", "/applications/api/cors", {"credentials": False})["credentials"] is False
    assert desk.rows("/applications/api/cors") == [{**changed, "credentials": False}]
    assert desk.record("GET", "/applications/api")["cors"] == desk.rows("/applications/api/cors")
    desk.call("DELETE", "/applications/api/cors")
    assert desk.rows("/applications/api/cors") == []
    assert [row["action"] for row in desk.rows("/audit")][:4] == ["cors.remove", "cors.set", "cors.set", "cors.add"]


def test_a_change_may_not_make_a_wrong_rule(desk: Any) -> None:
    """The whole rule is checked, not only what changes; a change of nothing and of nobody is refused."""
    desk.call("POST", "/applications", {"name": "api", "internal": "http://a/", "external": "https://api.example.com/"})
    desk.call("POST", "/applications/api/cors", {"origins": ["*"]})
    with pytest.raises(ConfigError, match="credentials"):
        desk.call("PATCH", "/applications/api/cors", {"credentials": True})
    with pytest.raises(ConfigError, match="what is to change"):
        desk.call("PATCH", "/applications/api/cors", {})
    for method in ("PATCH", "DELETE"):
        with pytest.raises(NotFound):
            desk.call(method, "/applications/api/cors", {"resource": "/v1"})
