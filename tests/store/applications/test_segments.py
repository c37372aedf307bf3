"""Segments of an application: added, changed, removed, and published with it."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError, StoreError
from appproxy.publish.application import Application
from appproxy.store.applications import applications, segments
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound

WIKI = ("wiki", "http://wiki:8000/", "https://wiki.example.com/")
IMAGES = ("wiki", "https://wiki.example.com/img/", "http://images:81/wiki/")


@pytest.fixture
def wiki(store: Store, now: float) -> Application:
    """An application, and another beside it."""
    with store.transaction(now) as tx:
        applications.publish(tx, "mail", "http://mail/", "https://mail.example.com/")
        return applications.publish(tx, *WIKI)


def test_any_number_of_segments(store: Store, now: float, wiki: Application) -> None:
    """They are the application's, by external URL, and live in the snapshot."""
    first = store.build_snapshot()
    with store.transaction(now) as tx:
        made = [segments.add(tx, "wiki", f"https://wiki.example.com/{n}/", f"http://{n}.corp/") for n in range(5)]
        assert segments.list_for(tx, "Wiki") == made
        assert applications.find(tx, "wiki").segments == tuple(made)
        assert applications.list_all(tx)[-1].segments == tuple(made)
    snapshot = store.build_snapshot(first)
    assert snapshot.applications[wiki.id].segments == tuple(made)
    route = snapshot.router.find("wiki.example.com", b"/3/x")
    assert (route.application.id, route.segment, route.target) == (wiki.id, made[3], f"{wiki.id}.{made[3].id}")


def test_a_segment_is_found_by_its_url_and_by_its_id(store: Store, now: float, wiki: Application) -> None:
    """Whatever its capitals and its last slash are; another name lists what is there."""
    with store.transaction(now) as tx:
        made = segments.add(tx, *IMAGES)
        for text in (made.id, "https://wiki.example.com/img/", "HTTPS://Wiki.example.com/img"):
            assert segments.find(tx, "wiki", text) == made
        with pytest.raises(NotFound, match="no segment 'https://wiki.example.com/im'; did you mean https://wiki"):
            segments.find(tx, "wiki", "https://wiki.example.com/im")
        with pytest.raises(NotFound):
            segments.find(tx, "mail", made.id)


@pytest.mark.parametrize(
    ("external", "internal", "error", "text"),
    [
        ("https://wiki.example.com/", "http://x/", AlreadyThere, "is there twice in this application"),
        ("https://WIKI.example.com/IMG/", "http://x/", AlreadyThere, "is there twice"),
        ("https://mail.example.com/", "http://x/", AlreadyThere, "belongs to the application 'mail'"),
        ("https://mail.example.org/", "http://x/", ConfigError, "external: .*not below example.com"),
        ("https://connect.example.com/", "http://x/", ConfigError, "external: .*the service's own"),
        ("https://new.example.com/", "http://x:99999/", ConfigError, "internal: "),
        ("https://new.example.com/", "http:///", ConfigError, "internal: .*names no host"),
        ("https://*.example.com/", "http://x/", ConfigError, "must be one, too"),
    ],
)
def test_refusals(
    store: Store, now: float, wiki: Application, external: str, internal: str, error: type[Exception], text: str
) -> None:
    """What is wrong is named, and nothing is added."""
    with store.transaction(now) as tx:
        segments.add(tx, *IMAGES)
    with pytest.raises(error, match=text), store.transaction(now) as tx:
        segments.add(tx, "wiki", external, internal)
    with store.reading() as reading:
        assert len(segments.list_for(reading, "wiki")) == 1


def test_a_segment_is_changed(store: Store, now: float, wiki: Application) -> None:
    """Its old URL is free again; setting what is set is no change."""
    with store.transaction(now) as tx:
        made = segments.add(tx, *IMAGES)
        found = segments.set_values(tx, "wiki", made.id, {"External": "https://img.example.com", "internal": "http://i/"})
        assert (str(found.external), str(found.internal), found.id) == ("https://img.example.com/", "http://i/", made.id)
        segments.add(tx, "mail", IMAGES[1], IMAGES[2])
        with pytest.raises(ConfigError, match="the keys are external, internal"):
            segments.set_values(tx, "wiki", made.id, {"colour": "red"})
        with pytest.raises(AlreadyThere, match="'mail'"):
            segments.set_values(tx, "wiki", made.id, {"external": IMAGES[1]})
    before = store.revision()
    with store.transaction(now) as tx:
        segments.set_values(tx, "wiki", made.id, {"internal": "http://i"})
    assert store.revision() == before


def test_a_segment_is_removed(store: Store, now: float, wiki: Application) -> None:
    """Alone, or with its application; its URL is free again."""
    with store.transaction(now) as tx:
        made = segments.add(tx, *IMAGES)
        assert segments.remove(tx, "wiki", IMAGES[1]) == made
        segments.add(tx, *IMAGES)
        applications.remove(tx, "wiki")
        applications.publish(tx, "other", "http://x/", IMAGES[1])
        applications.publish(tx, *WIKI)
        with pytest.raises(StoreError):
            segments.list_for(tx, "nothing")
    assert store.build_snapshot().router.find("wiki.example.com", b"/img/").application.name == "other"
