"""CORS rules in the store."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.publish.cors import CorsRule
from appproxy.store.applications import applications, cors_rules, segments
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound

APP = "https://app.example.org"


def publish(store: Store, now: float) -> str:
    with store.transaction(now) as tx:
        made = applications.publish(tx, "api", "http://api.corp/", "https://api.example.com/")
        segments.add(tx, "api", "https://v1.example.com/", "http://v1.corp/")
        return made.id


def add(store: Store, now: float, resource: str = "/", **more: Any) -> CorsRule:
    rule = cors_rules.checked(resource, **{"origins": [APP], **more})
    with store.transaction(now) as tx:
        cors_rules.put(tx, applications.find(tx, "api"), rule, new=True)
    return rule


def test_rules_are_in_the_snapshot(store: Store, now: float) -> None:
    """Of their application, each change again; an unchanged application stays the same object."""
    id_ = publish(store, now)
    with store.transaction(now) as tx:
        other = applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/").id
    before = store.build_snapshot()
    first = add(store, now, "/v1", methods=["put"], headers=["X-Own-*"], exposed=["X-Total"], credentials=True)
    second = add(store, now, "https://V1.example.com/")
    after = store.build_snapshot(before)
    assert after.applications[id_].cors == (first, second)
    assert (first.path, set(first.methods), set(first.headers)) == ("/v1/", {"PUT"}, {"x-own-*"})
    assert first.exposed == ("x-total",)
    assert (second.host, second.resource) == ("v1.example.com", "https://v1.example.com/")
    assert after.applications[other] is before.applications[other]
    with store.transaction(now) as tx:
        assert applications.find(tx, "api") == after.applications[id_] == applications.list_all(tx)[0]
        cors_rules.remove(tx, id_, "/v1")
    assert store.build_snapshot(after).applications[id_].cors == (second,)


def test_they_go_with_their_application(store: Store, now: float) -> None:
    """Another one of the same name has none."""
    publish(store, now)
    add(store, now)
    with store.transaction(now) as tx:
        applications.remove(tx, "api")
    id_ = publish(store, now)
    assert store.build_snapshot().applications[id_].cors == ()


def test_one_rule_for_one_place(store: Store, now: float) -> None:
    """Twice is refused, and so is changing what is not there, or a host of somebody else."""
    id_ = publish(store, now)
    add(store, now, "/v1/")
    with pytest.raises(AlreadyThere, match="/v1/"):
        add(store, now, "/v1")
    for elsewhere in ("https://other.example.com/", "https://other.example.com/v1"):
        with pytest.raises(ConfigError, match="not published at https://other.example.com/"):
            add(store, now, elsewhere)
    with store.transaction(now) as tx:
        application = applications.find(tx, id_)
        with pytest.raises(NotFound):
            cors_rules.put(tx, application, cors_rules.checked("/v2", origins=[APP]), new=False)
        with pytest.raises(NotFound, match="did you mean /v1/"):
            cors_rules.remove(tx, id_, "/v")


def test_none_is_left_behind(store: Store, now: float) -> None:
    """Where a rule is, its application stays published, whichever way the place would go; the fix is named, and helps."""
    publish(store, now)
    with store.transaction(now) as tx:
        applications.set_values(tx, "api", {"alternate_hosts": "other.example.com"})
        segments.add(tx, "api", "https://deep.example.com/a/", "http://deep.corp/")
    resources = ("https://v1.example.com/x", "https://other.example.com/", "https://deep.example.com/a/b",
                 "https://deep.example.com/", "/everywhere")
    for resource in resources:
        add(store, now, resource)

    def change(number: int) -> None:
        with store.transaction(now) as tx:
            match number:
                case 0:
                    segments.remove(tx, "api", "https://v1.example.com/")
                case 1:
                    applications.set_values(tx, "api", {"alternate_hosts": ""})
                case 2:
                    segments.set_values(tx, "api", "https://deep.example.com/a/", {"external": "https://deep.example.com/c/"})
                case 3:
                    segments.remove(tx, "api", "https://deep.example.com/c/")

    for number, resource in enumerate(resources[:4]):
        with pytest.raises(ConfigError, match=f"cors remove api --resource {resource}"):
            change(number)
        with store.transaction(now) as tx:
            cors_rules.remove(tx, applications.find(tx, "api").id, resource)
        change(number)
    with store.reading() as reading:
        found = applications.find(reading, "api")
        assert ([rule.resource for rule in found.cors], found.segments) == (["/everywhere/"], ())


def test_a_rule_for_a_path_needs_something_there(store: Store, now: float) -> None:
    """A path above or below what is published will do; a path beside it will not."""
    with store.transaction(now) as tx:
        applications.publish(tx, "api", "http://api.corp/", "https://api.example.com/a/b/")
    for resource in ("/", "/a", "/a/b", "/a/b/c"):
        add(store, now, resource)
    with pytest.raises(ConfigError, match="not published at /b/"):
        add(store, now, "/b")
    with pytest.raises(ConfigError, match="--resource /a/b/"), store.transaction(now) as tx:
        applications.set_values(tx, "api", {"external": "https://api.example.com/a/c/"})


@pytest.mark.parametrize(
    ("text", "origin"),
    [("https://APP.example.org", "https://app.example.org"), ("https://app.example.org:443", "https://app.example.org"),
     ("http://app.example.org:8080", "http://app.example.org:8080"), ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443")],
)
def test_origins_are_kept_as_browsers_write_them(text: str, origin: str) -> None:
    """In small letters, without the scheme's own port."""
    assert cors_rules.checked("/", origins=[text]).origins == {origin}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"origins": []}, "name at least one"),
        ({"origins": ["*"], "credentials": True}, r"origins: \* lets every site in"),
        ({"origins": ["*", APP]}, "leave"),
        ({"origins": ["https://*.example.org"]}, "has a star"),
        ({"origins": ["null"]}, "scheme, host and port"),
        ({"origins": ["https://app.example.org/"]}, "without a path"),
        ({"origins": ["https://user@app.example.org"]}, "origins"),
        ({"origins": ["https://app.example.org?x"]}, "origins"),
        ({"origins": ["ftp://app.example.org"]}, "origins"),
        ({"origins": ["https://äpp.example.org"]}, "origins"),
        ({"origins": [f"https://{n}.example.org" for n in range(101)]}, "100 are possible"),
        ({"methods": ["a b"]}, "methods"),
        ({"methods": ["TRACE"]}, "methods"),
        ({"methods": ["*"]}, "methods"),
        ({"headers": ["*"], "credentials": True}, r"headers: \*"),
        ({"headers": ["x-*-y"]}, "headers"),
        ({"headers": ["x y"]}, "headers"),
        ({"exposed": ["x-*"]}, "exposed"),
        ({"exposed": ["a\nb"]}, "exposed"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": 86401}, "max_age"),
        ({"resource": "v1"}, "resource"),
        ({"resource": "/a b"}, "resource"),
        ({"resource": "/a?b"}, "resource"),
        ({"resource": "/a/../b"}, "resource"),
        ({"resource": "/a%2fb"}, "resource"),
        ({"resource": "/ä"}, "resource"),
        ({"resource": "/" + "a" * 600}, "resource"),
        ({"resource": "https://*.example.com/"}, "resource"),
    ],
)
def test_wrong_rules_are_refused_with_the_reason(wrong: dict[str, Any], reason: str) -> None:
    """And the message names the field."""
    given = {"resource": "/", "origins": [APP], **wrong}
    with pytest.raises(ConfigError, match=reason):
        cors_rules.checked(given.pop("resource"), **given)
