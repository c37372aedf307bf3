"""Every operation of the API has a page, or a reason why it has none."""

from __future__ import annotations

from appproxy.admin.operations import OPERATIONS
from appproxy.console.pages import PAGES

#: Why there is no page. Whoever takes one away from here has made a page for it.
REASONS = {
    "GET /applications/{application}/assignments": "the page of an application has them from the application itself",
    "GET /applications/{application}/segments": "the same",
    "GET /applications/{application}/cors": "the same",
    "GET /user-check": "adding one says the same, with the form kept",
    "GET /nodes/{node}": "the list has all of it",
    "GET /audit-search": "the page goes on by itself from where /audit stopped",
    "GET /policy-replay": "what it gives is for a program that reads the log; /policy-replay shows what that finds",
}


def test_every_operation_has_a_page() -> None:
    """What can be done by a command can be done in the pages; what cannot is a decision that somebody has made."""
    there = {f"{one.method} {one.path}" for one in OPERATIONS}
    used = {called for page in PAGES for called in page.uses}
    assert used - there == set(), "a page names an operation that is none"
    assert sorted(there - used - REASONS.keys()) == []
    assert sorted(used & REASONS.keys()) == [], "it has a page: take the reason away"
