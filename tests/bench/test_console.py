"""What `bench.console` opens, and what it makes of its figures: a small organisation, so that all of it is run."""

from __future__ import annotations

import re

import pytest

from appproxy.console.pages import PAGES
from bench.console import BYTES, MeasuredPage, Size, measure, report


@pytest.fixture(scope="module")
def found() -> list[MeasuredPage]:
    """One visit of each page."""
    return measure(Size(30, 40, 20, 3), 1)


def test_every_page_is_measured(found: list[MeasuredPage]) -> None:
    """Each page of the table that only looks, but of kinds of which there is nothing."""
    opened = [one.path.partition("?")[0] for one in found]
    patterns = {page.path: re.compile(re.sub(r"\{\w+\}", "[^/]+", page.path)) for page in PAGES if page.method == "GET"}
    missing = {path for path, pattern in patterns.items() if not any(map(pattern.fullmatch, opened))}
    assert missing <= {
        "/access-requests/{key}", "/role-requests/{key}", "/devices/{key}", "/risk/sign-ins/{key}", "/risk/users/{key}",
        "/certificates/{key}", "/probes/{key}"}, missing


def test_each_is_small_on_a_first_visit(found: list[MeasuredPage]) -> None:
    """With the style sheet and the script; a page grows with fifty rows, not with what there is."""
    assert [(one.path, one.size) for one in found if one.size > BYTES] == []
    (first,) = (one.size for one in found if one.path == "/")
    assert first > 15_000  # the style sheet and the script are counted


def test_verdicts() -> None:
    """The 95th percentile counts, and the size."""
    slow, fine = [0.01] * 18 + [0.2, 0.2], [0.01] * 20
    pages = [MeasuredPage("/a", slow, 1), MeasuredPage("/b", fine, BYTES + 1), MeasuredPage("/c", fine, 1)]
    assert [one.verdict for one in pages] == ["slow", "large", ""]
    assert [line.split()[-1] for line in report(pages)][1:] == ["slow", "large", "0.0"]
