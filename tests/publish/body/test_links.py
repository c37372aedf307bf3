"""One URL after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.publish.application import Application, Url
from appproxy.publish.body.links import Links
from appproxy.publish.urls import Translation
from tests.publish.body.fakes import INTERNAL, PUBLIC, links


@pytest.mark.parametrize(
    ("raw", "public"),
    [
        (b"http://wiki.internal:8080/a/b?c=d", b"https://wiki.example.com/a/b?c=d"),
        (b"http://wiki.internal:8080", b"https://wiki.example.com"),
        (b"http://wiki.internal:8080?q", b"https://wiki.example.com?q"),
        (b"//wiki.internal:8080/a", b"//wiki.example.com/a"),
        (b"ws://wiki.internal:8080/live", b"wss://wiki.example.com/live"),
        (b"/old/a#b", b"/new/a#b"),
        (b" \n http://wiki.internal:8080/a ", b" \n https://wiki.example.com/a "),
        (b"http://wiki.internal:8080/a?b=c&amp;d", b"https://wiki.example.com/a?b=c&amp;d"),
        (b"http&#58;//wiki.internal&#x3a;8080&sol;a&amp;b?c&d", b"https://wiki.example.com/a&amp;b?c&d"),
    ],
)
def test_an_attribute_with_a_url_of_an_application_becomes_public(raw: bytes, public: bytes) -> None:
    """Whatever is around the URL, and however its characters are spelled, the rest of the value stays."""
    assert links().attribute(raw) == public


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"#", b"page.html", b"https://example.org/", b"//example.org/x", b"/new/a", b"mailto:a@wiki.internal",
        b"http:\\\\wiki.internal:8080\\", b"http://wiki.internal:8080\\@example.org/", b"/old/\\example.org",
        b"see http://wiki.internal:8080/", b"http&nbsp;//wiki.internal:8080/", b"http://wiki.internal:80801/",
        b"&#104;ttp://example.org/", b"http://wiki.internal:8080/a&nbsp;/b",
    ],
)
def test_what_is_nobodys_stays(raw: bytes) -> None:
    """Other sites, relative ones, what browsers read in another way than we do: not a byte changes."""
    assert links().attribute(raw) is None


def test_a_srcset_has_each_of_its_urls_translated() -> None:
    """Descriptors, commas within URLs and what is nobody's stay."""
    raw = b" /old/a.png 1x, b.png 2x,http://wiki.internal:8080/c,d.png (a, b) 3x , //example.org/x"
    assert links().srcset(raw) == (
        b" /new/a.png 1x, b.png 2x,https://wiki.example.com/c,d.png (a, b) 3x , //example.org/x")
    assert links().srcset(b"a.png 1x, /b.png 2x") is None


@pytest.mark.parametrize(
    ("raw", "public"),
    [
        (b"5; url=http://wiki.internal:8080/a", b"5; url=https://wiki.example.com/a"),
        (b"0;URL='/old/'", b"0;URL='/new/'"),
        (b" 3.5, /old/x", b" 3.5, /new/x"),
        (b"http://wiki.internal:8080/card.png", b"https://wiki.example.com/card.png"),
        (b"5", None),
        (b"width=device-width, initial-scale=1", None),
    ],
)
def test_a_refresh_leads_to_the_public_url(raw: bytes, public: bytes | None) -> None:
    """The time before it stays."""
    assert links().refresh(raw) == public


def test_a_security_policy_names_public_origins() -> None:
    """Sources with and without a path; keywords, hashes and others' origins stay."""
    value = b"default-src 'self' http://wiki.internal:8080; img-src http://wiki.internal:8080/i/ https://cdn.example 'sha256-'"
    assert links().sources(value) == (
        b"default-src 'self' https://wiki.example.com; img-src https://wiki.example.com/i/ https://cdn.example 'sha256-'")


@pytest.mark.parametrize("mark", [b"'", b"&#39;", b"&#039;", b"&#x27;", b"&apos;"])
def test_apostrophes_are_no_ends_of_directives(mark: bytes) -> None:
    """An attribute may spell them with a semicolon; each stays as it is spelled."""
    value = b"default-src 'self' X 'nonce-1'; img-src 'self' X".replace(b"'", mark)
    assert links().sources(value.replace(b"X", INTERNAL)) == value.replace(b"X", PUBLIC)


def test_what_is_remembered_is_bounded() -> None:
    """A stream of ever new directories does not fill the memory."""
    table = links()
    for number in range(10_000):
        table.attribute(b"/%d/x" % number)
    table.attribute(b"/" + b"x" * 10_000 + b"/y")
    assert len(table.memo) <= 256 and max(map(len, table.memo)) <= 256


_SEGMENTS = st.sampled_from(["a", "b", "wiki", "wi", "..", "a.b"])
_PATHS = st.lists(st.sampled_from(["a", "b", "wiki"]), max_size=2).map(lambda names: "/" + "".join(n + "/" for n in names))
_HOSTS = st.sampled_from(["one", "two"])


@given(
    st.lists(st.tuples(_HOSTS, _PATHS, _HOSTS, _PATHS), min_size=1, max_size=5, unique_by=lambda four: four[2:]),
    st.lists(st.tuples(_HOSTS, st.lists(_SEGMENTS, max_size=3), st.sampled_from(["", "/", "?a/b", "#", "/?x"])), max_size=6),
)
def test_remembering_directories_gives_what_the_table_gives(
    pairs: list[tuple[str, str, str, str]], urls: list[tuple[str, list[str], str]]
) -> None:
    """However applications share hosts and paths: a URL becomes what the table of all applications makes of it."""
    table = Translation([
        Application(str(number), str(number), Url("https", f"{outer}.example.com", 443, public), Url("http", inner, 80, path))
        for number, (inner, path, outer, public) in enumerate(pairs)
    ])
    remembering = Links(lambda url: table.to_public(url) or url, table.facts.leaves)
    for host, segments, end in urls:
        url = "".join([f"http://{host}", *["/" + name for name in segments], end]).encode()
        assert (remembering.text(url) or url) == (table.to_public(url) or url)
