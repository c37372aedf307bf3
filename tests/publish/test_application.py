"""What the admin publishes, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.publish.application import Application, Preauthentication, ProviderAccess, Segment
from appproxy.publish.url import Url


def pair(external: str, internal: str) -> Segment:
    """Two URLs."""
    return Segment(Url.parse(external), Url.parse(internal), "s")


WIKI = Application("1", "Wiki", Url.parse("https://wiki.example.com/"), Url.parse("http://wiki/"))
WILD = pair("https://*.example.com/", "http://*.corp/")


@pytest.mark.parametrize(("external", "internal", "prefix"), [
    ("https://a.example/tools/wiki/", "http://w/wiki/", "/tools"), ("https://a.example/wiki/", "http://w/wiki/", ""),
    ("https://a.example/wiki/", "http://w/", "/wiki"), ("https://a.example/", "http://w/wiki/", ""),
    ("https://a.example/x/", "http://w/wiki/", ""),
])
def test_what_users_have_before_the_internal_path(external: str, internal: str, prefix: str) -> None:
    """Nothing where one path does not end in the other."""
    assert pair(external, internal).prefix == prefix


@pytest.mark.parametrize(("segment", "host", "covers"), [
    (WILD, "a.example.com", True), (WILD, "a.b.example.com", True), (WILD, ".example.com", False), (WILD, "example.com",
    False),
    (WILD, "aexample.com", False), (pair("https://a.example.com/", "http://w/"), "a.example.com", True),
    (pair("https://a.example.com/", "http://w/"), "b.a.example.com", False),
])
def test_the_hosts_of_a_pair(segment: Segment, host: str, covers: bool) -> None:
    """A wildcard stands for something: never for nothing."""
    assert segment.covers(host) is covers


def test_what_stands_for_the_star_is_carried_over() -> None:
    """It is the same segment."""
    assert WILD.on("a.b.example.com") == pair("https://a.b.example.com/", "http://a.b.corp/")
    single = pair("https://a.example.com/", "http://w/")
    assert single.on("a.example.com") is single


def test_people_of_one_provider_are_nobody_at_another() -> None:
    """Each has people of its own; who may use it while it is maintained may be anybody's."""
    other = ProviderAccess("corp", frozenset({"x"}))
    both = replace(WIKI, assigned_users=frozenset({"a"}), other_providers=(other,))
    assert both.providers == ("builtin", "corp")
    assert (both.access_of("builtin"), both.access_of("corp"), both.access_of("gone")) == (both, other, None)
    assert not both.has_maintainers
    for more in ({"maintaining_users": frozenset({"a"})}, {"maintaining_groups": frozenset({"g"})}):
        assert replace(WIKI, **more).has_maintainers  # type: ignore[arg-type]
        assert replace(WIKI, other_providers=(replace(other, **more),)).has_maintainers  # type: ignore[arg-type]


def test_all_pairs_of_urls() -> None:
    """Its own, alternate hosts with the same path inside, then the segments; a link leads to the first that is one host."""
    several = replace(WIKI, alternate_hosts=("kb.example.com",), segments=(pair("https://s.example.com/", "http://s/"),))
    assert [(str(one.external), str(one.internal)) for one in several.pairs] == [
        ("https://wiki.example.com/", "http://wiki/"), ("https://kb.example.com/", "http://wiki/"),
        ("https://s.example.com/", "http://s/")]
    assert several.home == "https://wiki.example.com/"
    wild = replace(WIKI, external=WILD.external, internal=WILD.internal)
    assert wild.home == "" and replace(wild, segments=several.segments).home == "https://s.example.com/"


def test_what_certificates_of_programs_are_judged_by() -> None:
    """Another text whenever anything of it is another; nothing where none count."""
    assert replace(WIKI, machine_subjects=frozenset({"CN=a"}), machine_crl="x").machine_terms == ""
    first = replace(WIKI, machine_authority="root", machine_subjects=frozenset({"CN=a", "CN=b"}), machine_crl="list")
    others = [replace(first, machine_authority="other"), replace(first, machine_subjects=frozenset({"CN=a"})),
              replace(first, machine_crl="later")]
    assert len({one.machine_terms for one in (first, *others)}) == 4
    assert replace(first, machine_subjects=frozenset({"CN=b", "CN=a"})).machine_terms == first.machine_terms
    assert (WIKI.passthrough, replace(WIKI, preauthentication=Preauthentication.PASSTHROUGH).passthrough) == (False, True)
