"""How a path is read, and what could be read otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy import paths
from appproxy.paths import Prefixes, _decoded, is_ambiguous, loose
from tests.cost.growth import MOST, growth

SEGMENT = st.text("abcXYZ019-_~é", min_size=1, max_size=5)
PATH = st.lists(SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(parts)).map(str.encode)


@pytest.mark.parametrize(
    "path",
    [b"/a//b", b"//", b"/a\\b", b"/a;x=1/", b"/..", b"/a/../b", b"/./a", b"/a/.", b"/%2e%2e/", b"/a/.%2E", b"/%2E/",
     b"/a%2fb", b"/a%2Fb", b"/a%5cb", b"/a%5Cb", b"/%252e/", b"/a%00", b"/a%3bb", b"/a%3Bb", b"/a%0ab", b"/a%7f",
     b"/%c0%ae%c0%ae/", b"/%C0%AF", b"/%c1%9c", b"/a%", b"/a%2", b"/a%zz", b"/%u002e/", b"/a\tb", b"/a\x7f",
     "/\uff0e\uff0e/a".encode(), b"/%EF%BC%8E%ef%bc%8e/a", b"/a%EF%BC%8Fb/%EF%BC%8F/", b"/%E2%80%A5/"],
)  # fmt: skip
def test_what_servers_read_in_different_ways(path: bytes) -> None:
    """Empty and dot segments, other slashes, parameters, broken, doubled and overlong escapes, however they are written."""
    assert is_ambiguous(path)


@pytest.mark.parametrize(
    "path",
    [b"/", b"/a.b/c..d", b"/...", b"/a/.well-known/x", b"/%20", b"/a%2eb", b"/%C3%A9", b"/%e2%82%ac", b"/a%3fb", b"/%61",
     "/é".encode(), b"/a:b@c/(d)!$&'*+,=~"],
)  # fmt: skip
def test_ordinary_paths(path: bytes) -> None:
    """Dots in names, spaces and other languages are nothing special."""
    assert not is_ambiguous(path)


@pytest.mark.parametrize(
    ("path", "reading"),
    [(b"/Wiki/", b"/wiki/"), (b"/%57iki", b"/wiki"), (b"/w%c3%89", "/wé".encode()), (b"/wiki./x ", b"/wiki/x"),
     (b"/wiki%20/", b"/wiki/"), (b"/wiki%3fx/y", b"/wiki"), (b"/wiki%23", b"/wiki"), (b"/%EF%BC%B7iki", b"/wiki")],
)  # fmt: skip
def test_the_most_generous_reading(path: bytes, reading: bytes) -> None:
    """Capitals, escapes, wide letters, dots and spaces at the end of a name make no difference."""
    assert loose(path) == reading


@given(PATH, st.data())
def test_spelling_changes_neither_answer(path: bytes, data: st.DataObject) -> None:
    """Any byte may be escaped, with capitals or without: the reading is the same, and so is what is refused."""
    spelled = b"".join(
        data.draw(st.sampled_from([bytes([byte]), b"%%%02x" % byte, b"%%%02X" % byte])) if byte != 0x2F else b"/"
        for byte in path
    )
    assert loose(spelled) == loose(path)
    assert is_ambiguous(spelled) == is_ambiguous(path)


@given(PATH, st.sampled_from([b"..", b".", b"%2e.", b".%2E", b"%2e", b"%2E%2e", b"", b"a;b", b"a%2fb", b"a\\b"]), PATH)
def test_a_doubtful_segment_is_found_anywhere(before: bytes, segment: bytes, after: bytes) -> None:
    """Whatever stands before and behind it."""
    assert is_ambiguous(before.rstrip(b"/") + b"/" + segment + after) or (segment == b"" and after == b"/" == before)


@given(st.binary(max_size=60))
def test_no_bytes_break_it(path: bytes) -> None:
    """Every path is read, and reading a reading adds no more than its escapes."""
    is_ambiguous(path)
    assert loose(path) == loose(path.lower() if path.isascii() and b"%" not in path else path)


@given(st.lists(PATH.map(lambda path: path.rstrip(b"/") + b"/"), max_size=8), PATH)
def test_the_longest_prefix_is_found(prefixes: list[bytes], path: bytes) -> None:
    """As comparing with each of them would find it."""
    table = Prefixes((prefix, prefix) for prefix in prefixes)
    fits = [prefix for prefix in prefixes if (path + b"/").startswith(prefix) or path.startswith(prefix)]
    assert table.longest(path) == max(fits, key=len, default=None)


def test_of_two_values_of_one_prefix_the_first_stays() -> None:
    """The order of what was listed decides."""
    assert Prefixes([(b"/a/", 1), (b"/a/", 2)]).longest(b"/a") == 1


@pytest.mark.parametrize(
    "unit", [b".", b". ", b"%20", b"/a", b"/", b"%CC%95%CC%80", b"%EF%BE%9E%E0%BD%B3", b"%EF%B7%BA", b"%41", b"%FF"])
def test_time_grows_with_the_path(unit: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where dots, spaces, or marks that have to be put in order, follow each other."""
    monkeypatch.setattr(paths, "_LONGEST", 1 << 20)

    def work(size: int) -> Callable[[], object]:
        path = b"/" + unit * (size // len(unit)) + b"x"
        read = _decoded.__wrapped__  # without what it remembers
        return lambda: (read(path), is_ambiguous(path), loose(path))

    assert growth(work, 16_384) <= MOST


def test_what_is_longer_than_a_target_may_be_is_not_read() -> None:
    """A Referer could be: it stays as it is, and belongs to nobody where the path decides."""
    assert not is_ambiguous(b"/" + b"%41" * 2730)
    assert is_ambiguous(b"/" + b"%41" * 2731)
    assert loose(b"/" + b"%41" * 2731) == b"/" + b"%41" * 2731


def test_more_marks_than_any_language_has_are_ambiguous() -> None:
    """Thirty in a row are read, and more are refused where the path decides: in whatever way they are written."""
    assert not is_ambiguous(b"/e" + b"%CC%80" * 30 + b"/e" + b"%CC%80" * 30)
    assert is_ambiguous(b"/e" + b"%CC%80" * 31)
    assert is_ambiguous(b"/e" + b"%EF%BE%9E" * 31)
    assert is_ambiguous(b"/" + b"%EF%B7%BA" * 2)
