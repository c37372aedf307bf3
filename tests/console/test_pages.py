"""The table of pages: each leads somewhere, and each form comes to a command of the API that there is."""

from __future__ import annotations

import pytest

from appproxy.admin.operations import ROUTES
from appproxy.console.answers import ConsolePage
from appproxy.console.frame import NAVIGATION
from appproxy.console.pages import PAGES


def test_no_two_pages_are_at_one_place() -> None:
    """The second one would never be shown."""
    places = [(page.method, page.path) for page in PAGES]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("page", list(PAGES), ids=lambda page: f"{page.method} {page.path}")
def test_each_is_found_where_it_says(page: ConsolePage) -> None:
    """Not another one whose place is like it, such as one with a name for one with a word."""
    found, names = PAGES.find(page.method, page.path.replace("{", "x").replace("}", ""))
    assert found is page
    assert len(names) == page.path.count("{")


def test_what_pages_use_is_there() -> None:
    """Operations of the admin API, by their own paths."""
    for page in PAGES:
        for used in page.uses:
            method, path = used.split(" ")
            operation, _ = ROUTES.find(method, path.replace("{", "x").replace("}", ""))
            assert (operation.method, operation.path.count("{")) == (method, path.count("{")), used


def test_a_form_that_is_refused_is_shown_again() -> None:
    """By the page that it was on, which asks for no more names than are in its path."""
    for page in PAGES:
        assert (page.again is not None) == (page.method == "POST"), page.path


def test_the_navigation_leads_to_pages() -> None:
    """Each of its links, once."""
    links = [link.path for section in NAVIGATION for link in section.links]
    assert len(links) == len(set(links))
    for path in links:
        assert PAGES.find("GET", path)[0].method == "GET"
