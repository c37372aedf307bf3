"""The kinds of small requests."""

from __future__ import annotations

import re
from pathlib import Path

from bench.measure import BROWSER, POST, Target
from bench.reference import linked_page
from bench.report import Series
from bench.small import PASSTHROUGH, SIGNED_IN, Case, beside_passthrough


def test_what_was_measured_to_begin_with_is_forgotten() -> None:
    """In every series of both sides."""
    case = Case("x", Target("a", "b"), Target("c", "d"))
    everything = [*case.rates, *case.medians, *case.p99s, *case.cpu, *(one for hop in case.hops for one in hop)]
    for series in everything:
        series.values.append(1.0)
    case.forget()
    assert all(series == Series() for series in everything)
    assert len(everything) == 12


def test_the_scripts_are_beside_the_code() -> None:
    """wrk is given files."""
    assert all(Path(one).is_file() for one in (BROWSER, POST))


def test_a_page_with_a_link_every_200_bytes() -> None:
    """Of about the size that was asked for; all links are different."""
    page = linked_page("http://127.0.0.1:8080", 32 * 1024)
    links = re.findall(rb'"(http://127\.0\.0\.1:8080/[^"]*)"', page)
    assert 32 * 1024 <= len(page) < 33 * 1024
    assert len(set(links)) == len(links) == len(page) // 200


def test_what_a_sign_in_costs_each_request() -> None:
    """CPU of the service alone, beside that of a request without sign-in; a tenth more is the bar."""
    cases = [Case(name, Target("a", "b"), Target("c", "d")) for name in (SIGNED_IN, "x", PASSTHROUGH)]
    for case, cost in zip(cases, (109.0, 1.0, 100.0), strict=True):
        case.hops[0][0].values.append(cost)
    row = beside_passthrough(cases)
    assert (row.ratio, row.verdict()) == (1.09, "within 1.1")
    cases[0].hops[0][0].values[0] = 111.0
    assert beside_passthrough(cases).verdict() == "beyond 1.1"
