"""The kinds of small requests."""

from __future__ import annotations

import re
from pathlib import Path

from bench.measure import BROWSER, POST, Target
from bench.reference import linked_page
from bench.report import Series
from bench.small import Case


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
