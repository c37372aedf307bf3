"""Operations on segments."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.names import AlreadyThere, NotFound

IMAGES = {"external": "https://wiki.example.com/img/", "internal": "http://images:81/"}


@pytest.fixture
def wiki(desk: Any) -> Any:
    """A desk with an application."""
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://a:1/", "external": "https://wiki.example.com/"})
    return desk


def test_from_adding_to_removing(wiki: Any) -> None:
    """Each answer shows the segment, and each change is in the audit."""
    made = wiki.record("POST", "/applications/wiki/segments", IMAGES)
    assert {key: made[key] for key in IMAGES} == IMAGES
    assert wiki.rows("/applications/wiki/segments") == [made]
    assert wiki.record("GET", "/applications/wiki")["segments"] == [made]
    changed = wiki.record(
        "PATCH", "/applications/wiki/segments/https%3A%2F%2Fwiki.example.com%2Fimg", {"settings": {"internal": "http://i/"}})
    assert changed == {**made, "internal": "http://i/"}
    assert wiki.record("DELETE", f"/applications/wiki/segments/{made['id']}") == changed
    assert wiki.rows("/applications/wiki/segments") == []
    actions = [one["action"] for one in wiki.rows("/audit")]
    assert {"segment.add", "segment.set", "segment.remove"} <= set(actions)


def test_refusals(wiki: Any) -> None:
    """Each error names what is wrong."""
    wiki.call("POST", "/applications/wiki/segments", IMAGES)
    with pytest.raises(AlreadyThere, match="twice"):
        wiki.call("POST", "/applications/wiki/segments", IMAGES)
    with pytest.raises(ConfigError, match="external"):
        wiki.call("POST", "/applications/wiki/segments", {"internal": "http://x/"})
    with pytest.raises(ConfigError, match="at least one KEY=VALUE"):
        wiki.call("PATCH", "/applications/wiki/segments/x", {"settings": {}})
    with pytest.raises(NotFound, match="no segment 'x'"):
        wiki.call("DELETE", "/applications/wiki/segments/x")
    with pytest.raises(NotFound, match="no application"):
        wiki.call("GET", "/applications/crm/segments")
