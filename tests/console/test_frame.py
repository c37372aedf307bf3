"""What is around every page, as values: what the visitor may see of it, what a form is filled with, and what was wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.admin.base.principal import Permission
from appproxy.branding import Brand
from appproxy.console.frame import DONE, NAVIGATION, form_of, here_of, navigation_of, said_in, sheet_of, wrong_field
from appproxy.console.pages import PAGES
from appproxy.console.visit import Rights
from appproxy.errors import AppProxyError, ConfigError
from tests.console.test_visit import visit

FORM = {"name": [" new "], "empty": [""]}


def refused(message: str, **form: Any) -> Any:
    """A visit whose form was refused with these words."""
    return replace(visit(form={**FORM, **form}), error=ConfigError(message))


def test_nobody_sees_links_that_lead_nowhere_for_them() -> None:
    """A section without any is left out; a permission for one application is enough for the list."""
    assert navigation_of(visit()) == []
    every = replace(visit(), rights=Rights(frozenset(one.value for one in Permission)))
    assert navigation_of(every) == list(NAVIGATION)
    wiki = replace(visit(), rights=Rights(frozenset(), {Permission.READ_APPLICATIONS.value: frozenset({"a1"})}))
    (section,) = navigation_of(wiki)
    assert (section.label, [link.path for link in section.links]) == ("Access", ["/applications"])


@pytest.mark.parametrize(("path", "here"), [
    ("/", "/"), ("/users", "/users"), ("/users/u1/remove", "/users"), ("/applications/a%2Fb/settings", "/applications"),
    ("/locations/new", "/policies"), ("/strengths/x", "/policies"), ("/contexts", "/policies"),
    ("/policy-replay", "/policies"),
    ("/risk", "/risk"), ("/risk/users", "/risk/users"), ("/risk/sign-ins/s1", "/risk/sign-ins"),
])  # fmt: skip
def test_where_a_page_belongs(path: str, here: str) -> None:
    """To the link by which it was found."""
    assert here_of(path) == here


def test_every_page_of_a_link_belongs_to_it() -> None:
    """So each link of the navigation is the one that is marked on its own page."""
    for link in (each for section in NAVIGATION for each in section.links):
        assert here_of(link.path) == link.path
        assert PAGES.find("GET", here_of(link.path))


@pytest.mark.parametrize(("method", "path", "names", "form"), [
    ("GET", "/things/a/remove", {"key": "a"}, ""), ("POST", "/things/a/remove", {"key": "a"}, "remove"),
    ("POST", "/things/a", {"key": "a"}, ""), ("POST", "/things/a%2Fb", {"key": "a/b"}, ""), ("POST", "/things", {}, "things"),
])  # fmt: skip
def test_which_form_of_a_page_was_sent(method: str, path: str, names: dict[str, str], form: str) -> None:
    """Its own is the one that is sent to where the page is."""
    assert form_of(replace(visit(), method=method, path=path, names=names)) == form


def test_a_field_is_filled_with_what_is_there() -> None:
    """And with what was written only when that was refused: else the page would show what is not so."""
    said = said_in(visit(form=FORM))
    assert (said("name", "old"), said("other"), said("number", 5)) == ("old", "", "5")
    said = said_in(refused("name: is taken"))
    assert (said("name", "old"), said("empty", "old"), said("other", "old")) == ("new", "", "old")


@pytest.mark.parametrize(("message", "wrong"), [
    ("name: is taken", "name"), ("name", "name"), ("there is no name: x", ""), ("proof: old", ""), ("", ""),
])  # fmt: skip
def test_the_field_that_is_wrong(message: str, wrong: str) -> None:
    """Errors begin with its name; what is no field of this form is said above it."""
    assert wrong_field(refused(message)) == wrong
    assert wrong_field(visit(form=FORM)) == ""
    assert isinstance(refused(message).error, AppProxyError)


def test_a_style_sheet_is_another_one_with_other_colours() -> None:
    """Browsers keep it for a year under its name."""
    plain, coloured = sheet_of(Brand()), sheet_of(Brand(colours=":root{--accent:#123456}"))
    assert plain[0] != coloured[0] and coloured[1] == plain[1] + b":root{--accent:#123456}"
    assert sheet_of(Brand()) == plain


def test_what_is_said_after_a_form_is_ours() -> None:
    """Whatever a link says, no text of it is on the page; all that we say are sentences."""
    assert DONE.get("<script>", "") == ""
    assert all(text[0].isupper() and text.endswith(".") for text in DONE.values())
