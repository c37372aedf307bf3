"""The hosts of a wildcard: worked out from what the user typed, and only a bounded number of them kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from appproxy.connector.applications.wildcard import MOST_HOSTS, WildcardHosts
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.origins import Origins
from appproxy.net.loop.deadlines import Deadlines
from appproxy.publish.application import Segment, Url


def hosts(suffix: str = "corp") -> WildcardHosts:
    """`*.example.com` is `*.corp` on port 8443."""
    clock = Clock()
    pair = Segment(Url.parse("https://*.example.com/"), Url.parse(f"https://*.{suffix}:8443/"))
    target = Target("wild", OriginAddress("https", "*.corp", 8443, server_name="x"), b"*.corp:8443", False, 1.0, 1.0,
                    frozenset(), pair)
    return WildcardHosts(target, Origins(clock, Deadlines(clock), lambda address, factory, timeout: Deferred()))


def test_the_same_host_has_the_same_route() -> None:
    """Whatever its capitals and its port are; and so its connections are used again."""
    wild = hosts()
    route = wild.of(b"a.example.com")
    assert route is not None and route is wild.of(b"A.Example.com:8443") is wild.of(b"a.example.com.")
    assert route.target.address == OriginAddress("https", "a.corp", 8443, server_name="x")
    assert route.target.authority == b"a.corp:8443"


def test_a_flood_of_hosts_grows_nothing() -> None:
    """Those used least lately are forgotten."""
    wild = hosts()
    first = wild.of(b"first.example.com")
    for number in range(3 * MOST_HOSTS):
        wild.of(b"h%d.example.com" % number)
        assert wild.of(b"first.example.com") is first
    assert len(wild.addresses()) == MOST_HOSTS
    assert len(wild._origins._by_address) == MOST_HOSTS


def test_a_name_that_becomes_too_long_is_nobodys() -> None:
    """No resolver would take it."""
    wild = hosts(".".join(["l" * 60] * 3))
    assert wild.of(b"a.example.com") is not None
    assert wild.of(b".".join([b"a" * 60] * 2) + b".example.com") is None


@given(st.one_of(st.binary(max_size=40), st.from_regex(rb"[a-z.*:@/\[\]-]{0,12}\.example\.com(:[0-9]{0,6})?", fullmatch=True)))
def test_only_hosts_below_the_suffix_are_dialled(authority: bytes) -> None:
    """Whatever bytes stand in Host."""
    route = hosts().of(authority)
    if route is not None:
        host = route.target.address.host
        assert host.endswith(".corp") and len(host) > 5 and set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
