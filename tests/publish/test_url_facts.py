"""What is known of all published URLs together."""

from __future__ import annotations

import pytest

from appproxy.publish.application import Application, Url
from appproxy.publish.url_facts import UrlFacts
from appproxy.publish.urls import Translation


def facts(*pairs: tuple[str, str]) -> UrlFacts:
    """Of applications with these external and internal URLs."""
    return Translation([
        Application(str(number), str(number), Url.parse(outer), Url.parse(inner))
        for number, (outer, inner) in enumerate(pairs)
    ]).facts


def test_the_last_segments_of_all_paths_are_known() -> None:
    """Of both sides."""
    assert facts(("https://a.example.com/x/y/", "http://a/"), ("https://b.example.com/", "http://b/z/")).leaves == {b"y", b"z"}


def test_the_mark_changes_with_any_url() -> None:
    """And with nothing else."""
    marks = [facts(("https://a.example.com/", "http://a/")), facts(("https://a.example.com/", "http://b/")),
             facts(("https://a.example.com/x/", "http://a/"))]
    assert len({one.mark for one in marks}) == 3 and all(len(one.mark) == 8 for one in marks)
    assert facts(("https://a.example.com/", "http://a/")).mark == marks[0].mark


@pytest.mark.parametrize(
    ("pairs", "moves"),
    [
        ([("https://a.example.com/", "http://a/")], False),
        ([("https://a.example.com/x/", "http://a/x/")], False),
        ([("https://a.example.com/", "http://a/x/")], True),
        ([("https://a.example.com/", "http://a/"), ("https://b.example.com/x/", "http://a/x/")], True),
        ([("https://a.example.com/", "http://a/"), ("https://b.example.com/x/", "http://b/")], False),
    ],
)
def test_whether_a_path_alone_can_lead_elsewhere(pairs: list[tuple[str, str]], moves: bool) -> None:
    """With another path outside than inside, or with other applications on the same internal host."""
    assert facts(*pairs).moves_paths(Url.parse("http://a/")) == moves


def test_behind_a_wildcard_any_path_can() -> None:
    """Which hosts it stands for is not known."""
    assert UrlFacts(frozenset(), b"", None).moves_paths(Url.parse("http://a/"))
