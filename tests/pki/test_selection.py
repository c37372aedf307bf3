"""Which certificate answers for which host."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appproxy.pki.selection import by_name, names_of

_LABEL = st.sampled_from(["a", "b", "c"])
_HOST = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)
_NAME = st.builds(lambda host, star: f"*.{host}" if star else host, _HOST, st.booleans())
_OFFERS = st.lists(st.tuples(st.integers(), st.lists(_NAME, max_size=3), st.floats(0, 10)), max_size=6)


def covers(name: str, host: str) -> bool:
    """RFC 9525 section 6.3, written in another way."""
    theirs, ours = name.split("."), host.split(".")
    return len(theirs) == len(ours) and theirs[1:] == ours[1:] and theirs[0] in ("*", ours[0])


def test_the_most_specific_name_answers() -> None:
    """An exact name goes before `*`, which stands for one label."""
    names = names_of([("star", ["*.example.com"], 9), ("exact", ["Wiki.example.com"], 2)], 1)
    assert by_name(names, "WIKI.example.com.") == "exact"
    assert by_name(names, "blog.example.com") == "star"
    assert by_name(names, "a.blog.example.com") is None
    assert by_name(names, "example.com") is None
    assert by_name(names, "") is None


def test_of_two_the_longer_lived_answers() -> None:
    """An old one that was forgotten does not go before the new one."""
    assert names_of([("old", ["a"], 2), ("new", ["a"], 3)], 1) == {"a": "new"}


def test_what_has_ended_hides_nothing() -> None:
    """A wildcard that is good answers where the exact one has ended; without any, the ended one still does."""
    names = names_of([("ended", ["a.b", "c"], 1), ("good", ["*.b"], 9)], 1)
    assert by_name(names, "a.b") == "good"
    assert by_name(names, "c") == "ended"


def test_the_default_one_comes_last() -> None:
    """Whatever was added goes before it, unless that has ended or is less specific."""
    default = ("default", ["*.b", "x.b"], 9.0)
    names = names_of([("star", ["*.b"], 2), ("ended", ["a.b", "a.c"], 1)], 1, default)
    assert [by_name(names, host) for host in ("a.b", "x.b", "a.c")] == ["star", "default", "ended"]
    assert by_name(names_of([("ended", ["*.b"], 1)], 1, default), "a.b") == "default"


@given(_OFFERS, _HOST, st.floats(0, 10))
def test_who_answers_covers_the_host(offers: list[tuple[int, list[str], float]], host: str, now: float) -> None:
    """Whoever answers has a name for the host; somebody answers if anybody has; nobody ended while another is good."""
    numbered = [((number, names, ends), names, ends) for number, names, ends in offers]
    found = by_name(names_of(numbered, now), host)
    able = [one for one, names, _ in numbered if any(covers(name, host) for name in names)]
    assert (found is None) == (not able)
    if found is not None:
        assert found in able
        assert found[2] > now or all(ends <= now for _, _, ends in able)
