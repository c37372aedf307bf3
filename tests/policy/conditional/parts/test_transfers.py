"""What passes of requests and answers, by method, type and size."""

from __future__ import annotations

from math import inf

import pytest

from appproxy.policy.conditional.parts.transfers import Rule, Transfers, refused_answer, refused_request

READ = Transfers(read_only=Rule("p"))
DOWN = Transfers(download=Rule("p", most=1000.0))
UP = Transfers(upload=Rule("p", most=1000.0))
HTML, JSON, FORM = b"text/html; charset=utf-8", b"application/problem+json", b"application/x-www-form-urlencoded"


@pytest.mark.parametrize(("transfers", "method", "types", "length", "passes"), [
    (READ, b"GET", [], 0, True), (READ, b"HEAD", [], 0, True), (READ, b"OPTIONS", [], 0, True),
    (READ, b"POST", [FORM], 5, False), (READ, b"get", [], 0, False), (READ, b"PROPFIND", [], 0, False),
    (DOWN, b"POST", [b"image/png"], 5000, True),
    (UP, b"GET", [], 0, True), (UP, b"DELETE", [], 0, True), (UP, b"POST", [FORM], 1000, True),
    (UP, b"POST", [FORM], 1001, False), (UP, b"PUT", [], 5, False),
    (UP, b"POST", [JSON], None, True), (UP, b"POST", [b"multipart/form-data; boundary=x"], 5, False),
    (UP, b"PUT", [], None, False), (UP, b"POST", [FORM, b"image/png"], 5, False), (UP, b"GET", [b"image/png"], 5, False),
])
def test_a_request(transfers: Transfers, method: bytes, types: list[bytes], length: int | None, passes: bool) -> None:
    """What is not known to be harmless is not."""
    assert (refused_request(transfers, method, types=types, length=length) is None) is passes


@pytest.mark.parametrize("which", ["read_only", "download", "upload"])
def test_an_upgrade_passes_only_where_it_is_allowed(which: str) -> None:
    """In a WebSocket nothing can be seen, so each of the three is against it."""
    refused = refused_request(Transfers(**{which: Rule("p")}), b"GET", upgrade=True)
    assert refused is not None and str(refused) == "'p' lets through no upgrade of a connection, in which nothing can be seen"
    assert refused_request(Transfers(**{which: Rule("p", upgrades=True)}), b"GET", upgrade=True) is None
    both = Transfers(**{which: Rule("p", upgrades=True)}) | Transfers(**{which: Rule("q")})
    assert refused_request(both, b"GET", upgrade=True) is not None


@pytest.mark.parametrize(("types", "dispositions", "size", "passes"), [
    ([HTML], [], 1000, True), ([HTML], [], 1001, False), ([HTML], [], None, True), ([JSON], [], None, True),
    ([b"IMAGE/PNG"], [], None, True), ([b"image/svg+xml"], [b"inline; filename=a.svg"], None, True),
    ([HTML], [b"attachment"], None, False), ([HTML], [b"Attachment; filename=a"], 5, False), ([HTML], [b"x-new"], None, False),
    ([HTML], [b"inline", b"attachment"], None, False), ([HTML], [b"filename=a"], None, False),
    ([], [], None, False), ([], [], 0, True), ([b"application/pdf"], [], None, False), ([b"text/csv"], [], None, False),
    ([b"application/octet-stream"], [], None, False), ([b"multipart/byteranges"], [], None, False),
    ([HTML, b"application/zip"], [], None, False), ([b"text/html, application/zip"], [], None, False),
    ([b"a\nb"], [], None, False),
])
def test_an_answer(types: list[bytes], dispositions: list[bytes], size: int | None, passes: bool) -> None:
    """What a browser would keep as a file, or is too large, or may be either."""
    assert (refused_answer(DOWN, b"GET", 200, types, dispositions, size) is None) is passes


def test_what_has_no_content_is_no_download() -> None:
    """Whatever its fields say."""
    for method, status in ((b"HEAD", 200), (b"GET", 304), (b"POST", 204), (b"GET", 101)):
        assert refused_answer(DOWN, method, status, [b"application/zip"], [], None) is None
    assert refused_answer(READ, b"GET", 200, [b"application/zip"], [], None) is None


def test_the_strictest_counts() -> None:
    """Each on its own, and under the name of a policy that says it."""
    made = (READ | DOWN) | (UP | Transfers(download=Rule("q", "No.", 10.0)))
    assert [name for name, _ in made.rules] == ["read-only", "no download", "no upload"]
    assert made.download == Rule("p", most=10.0)
    assert made.read_only == Rule("p", most=inf)


def test_the_reason_is_short_whatever_the_type_is() -> None:
    """It goes to the log."""
    refused = refused_answer(DOWN, b"GET", 200, [b"x" * 5000], [], None)
    assert refused is not None and len(str(refused)) < 150
