"""The page of one application: which policies are about it, and what its forms change."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from appproxy.console.access import application
from appproxy.console.access.application import applying, by_topic
from appproxy.console.answers import Redirection
from appproxy.console.visit import Visit
from tests.console.test_visit import Api, visit
from tests.fakes.outcome import got

WIKI: dict[str, Any] = {
    "id": "a/1", "name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com/", "preauth": "oidc",
    "connector_group": "default", "providers": ["builtin", "corp"], "settings": {"strict": "yes", "tags": "x, y"}}


def policy(name: str, include: list[str] | None = None, exclude: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """One that is on, for these."""
    return {"name": name, "state": "on", "document": {"applications": {
        key: value for key, value in (("include", include), ("exclude", exclude)) if value is not None}}, **more}


@pytest.mark.parametrize(("one", "applies"), [
    (policy("p", ["all"]), True), (policy("p", ["wiki"]), True), (policy("p", ["a/1"]), True), (policy("p", ["tag:y"]), True),
    (policy("p", ["other"]), False), (policy("p", []), False), (policy("p", None), False), (policy("p", ["tag:z"]), False),
    (policy("p", ["all"], ["wiki"]), False), (policy("p", ["all"], ["tag:x"]), False), (policy("p", ["all"], ["other"]), True),
    (policy("p", ["all"], state="off"), False), (policy("p", ["all"], state="report-only"), True),
    ({"name": "p", "state": "on", "document": {"applications": "all"}}, False), ({"name": "p", "document": {}}, False),
])  # fmt: skip
def test_policies_that_are_about_it(one: dict[str, Any], applies: bool) -> None:
    """By name, id, or tag, or all; what is left out is left out, and so is what is off."""
    assert bool(applying([one], WIKI)) is applies


def test_settings_by_topic() -> None:
    """In the order of the table, with what they are set to; what has no topic is a family. Of a file only commands speak."""
    keys = [{"key": "strict", "topic": "TLS", "explanation": "all over"}, {"key": "a", "topic": "Time", "explanation": ""},
            {"key": "header.NAME"}, {"key": "b", "topic": "TLS", "explanation": "PEM: b=@FILE"}]
    found = by_topic(keys, {"strict": "yes", "header.x": "y"})
    assert list(found) == ["TLS", "Time"]
    assert [(one["key"], one["text"], one["is_file"], one["explanation"]) for one in found["TLS"]] == [
        ("strict", "yes", False, "all over"), ("b", "", True, "PEM")]


def sent(
    serve: Callable[[Visit], Coroutine[Any, Any, Redirection]], **form: str
) -> tuple[Redirection, list[tuple[str, str, Any]]]:
    """Where a form leads, and the changes that it comes to."""
    api = Api(WIKI)
    asked = visit(api, form={name.replace("__", "."): [value] for name, value in form.items()})
    asked.names = {"application": "wi/ki"}
    led: Redirection = got(serve(asked))
    return led, [(one.method, one.target, json.loads(one.body) if one.body else None)
                 for one in api.asked if one.method != "GET"]


SETTINGS, ONE = "/api/v1/applications/a%2F1", "/api/v1/applications/wi%2Fki"


@pytest.mark.parametrize(("form", "changed"), [
    ({"set__strict": "yes", "set__tags": "x, y"}, None), ({"set__strict": "no"}, {"strict": "no"}),
    ({"set__strict": ""}, {"strict": ""}), ({"set__other": ""}, None),
    ({"key": "header.x", "value": "email"}, {"header.x": "email"}),
    ({"key": "", "value": "email"}, None), ({"strict": "no"}, None),
])  # fmt: skip
def test_only_what_was_changed_is_sent(form: dict[str, str], changed: Mapping[str, str] | None) -> None:
    """What stayed as it is may have been changed by somebody else meanwhile; an empty field puts the default back."""
    led, changes = sent(application.save, **form)
    assert led == Redirection("/applications/a%2F1/settings", "saved")
    assert changes == ([] if changed is None else [("PATCH", SETTINGS, {"settings": changed})])


@pytest.mark.parametrize(("form", "changed"), [
    ({"name": "wiki", "provider": "builtin,corp", "internal": "http://w/"}, None), ({"name": "docs"}, {"name": "docs"}),
    ({"provider": "corp,builtin"}, {"provider": "corp,builtin"}), ({"id": "x"}, None),
])  # fmt: skip
def test_columns(form: dict[str, str], changed: Mapping[str, str] | None) -> None:
    """The same of name, places and providers; nothing else is changed by this form."""
    led, changes = sent(application.save_columns, **form)
    assert led == Redirection("/applications/a%2F1", "saved")
    assert changes == ([] if changed is None else [("PATCH", SETTINGS, {"settings": changed})])


@pytest.mark.parametrize(("form", "body"), [
    ({"kind": "user", "who": "ann"}, {"user": "ann"}), ({"kind": "group", "who": "crew"}, {"group": "crew"}),
    ({"kind": "", "who": "ann"}, {"user": "ann"}),
    ({"kind": "group", "who": "ops", "provider": "corp", "maintainer": "yes", "expires": "8h"},
     {"group": "ops", "maintainer": True, "provider": "corp", "expires": "8h"}),
    ({"kind": "user", "who": "ann", "maintainer": "", "provider": "", "expires": ""}, {"user": "ann"}),
    ({"kind": "user", "who": "ann", "maintainer": "no"}, {"user": "ann", "maintainer": False}),
])  # fmt: skip
def test_letting_somebody_in(form: dict[str, str], body: Mapping[str, object]) -> None:
    """What is left empty is not said."""
    assert sent(application.assign, **form) == (Redirection("/applications/wi%2Fki", "assigned"),
                                                [("POST", ONE + "/assignments", body)])


@pytest.mark.parametrize("kind", ["user", "group"])
def test_letting_somebody_in_no_longer(kind: str) -> None:
    """Of the provider that is said."""
    led, ((method, target, body),) = sent(application.unassign, kind=kind, value="a&b", provider="corp")
    path, _, query = target.partition("?")
    assert led == Redirection("/applications/wi%2Fki", "unassigned")
    assert (method, path, parse_qs(query), body) == (
        "DELETE", ONE + "/assignments", {kind: ["a&b"], "provider": ["corp"]}, None)


def test_publishing_it_no_longer() -> None:
    """Leads to the list: its page is no more."""
    assert sent(application.remove) == (Redirection("/applications", "removed"), [("DELETE", ONE, None)])
