"""Who the client is, as front proxies that are trusted by address say in fields."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.http.proxies.trusted_proxies import FORWARDED, PROXY_PROTOCOL, X_FORWARDED_FOR, TrustedProxies
from tests.cost.machine import cost

NETWORKS = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"), ip_network("192.0.2.1/32"))
LIST = TrustedProxies(NETWORKS, X_FORWARDED_FOR)
STANDARD = TrustedProxies(NETWORKS, FORWARDED)
PROXY = "10.0.0.1"


@pytest.mark.parametrize(("address", "trusted"), [
    ("10.0.0.1", True), ("10.255.255.255", True), ("11.0.0.1", False), ("192.0.2.1", True), ("192.0.2.2", False),
    ("2001:db8:1::7", True), ("2001:db8:2::7", False), ("::ffff:10.0.0.1", True), ("::ffff:11.0.0.1", False), ("", False),
    ("10.0.0", False), ("10.0.0.1 ", False), ("localhost", False), ("010.0.0.1", False)])
def test_trusted_by_address_alone(address: str, trusted: bool) -> None:
    """Exactly the networks that are configured, also where the kernel shows IPv4 inside IPv6."""
    assert LIST.trusts(address) is trusted


@pytest.mark.parametrize("proxies", [LIST, STANDARD])
def test_nobody_else_is_believed(proxies: TrustedProxies) -> None:
    """Whatever a user's own fields say, the connection's address is the user's."""
    fields = [(b"x-forwarded-for", b"203.0.113.9"), (b"forwarded", b"for=203.0.113.9")]
    assert proxies.client_of(fields, "198.51.100.7") == "198.51.100.7"
    assert proxies.client_of(fields, PROXY) == "203.0.113.9"


@pytest.mark.parametrize(("lines", "client"), [
    ([], PROXY), ([b""], PROXY), ([b"203.0.113.9"], "203.0.113.9"), ([b"1.1.1.1, 203.0.113.9"], "203.0.113.9"),
    ([b"1.1.1.1", b"203.0.113.9,10.2.2.2"], "203.0.113.9"), ([b"203.0.113.9", b"10.2.2.2 ,\t10.3.3.3"], "203.0.113.9"),
    ([b"10.2.2.2, 10.3.3.3"], "10.2.2.2"), ([b"203.0.113.9:1234"], "203.0.113.9"), ([b"2001:DB8::9"], "2001:db8::9"),
    ([b"[2001:db8::9]:80"], "2001:db8::9"), ([b"[2001:db8::9]"], "2001:db8::9"), ([b"::ffff:203.0.113.9"], "203.0.113.9"),
    ([b"203.0.113.9, unknown"], PROXY), ([b"203.0.113.9, unknown, 10.2.2.2"], "10.2.2.2"),
    ([b"203.0.113.9, "], PROXY), ([b"evil\xff"], PROXY), ([b"1.2.3"], PROXY), ([b"1.2.3.400"], PROXY),
    ([b"[1.2.3.4]"], "1.2.3.4"), ([b'"203.0.113.9"'], PROXY), ([b"1.2.3.4:"], PROXY), ([b"1.2.3.4:123456"], PROXY),
])
def test_x_forwarded_for(lines: list[bytes], client: str) -> None:
    """The rightmost address that is no trusted proxy's; what is left of it anybody may have written."""
    fields = [(b"x-forwarded-for", line) for line in lines] + [(b"forwarded", b"for=9.9.9.9")]
    assert LIST.client_of(fields, PROXY) == client


@pytest.mark.parametrize(("lines", "client"), [
    ([], PROXY), ([b""], PROXY), ([b"for=203.0.113.9"], "203.0.113.9"),
    ([b'For="[2001:db8::9]:4711";proto=https;by=203.0.113.43'], "2001:db8::9"),
    ([b"for=1.1.1.1, for=203.0.113.9;host=a, for=10.2.2.2"], "203.0.113.9"),
    ([b"for=1.1.1.1", b"by=10.0.0.1 ; for=203.0.113.9 "], "203.0.113.9"), ([b'for="203.0.113.9:80"'], "203.0.113.9"),
    ([b'for=1.1.1.1;host="a, for=9.9.9.9", for=203.0.113.9'], "203.0.113.9"),
    ([b'for=203.0.113.9;host="a, for=9.9.9.9"'], "203.0.113.9"), ([b'for="203.0.113\\.9"'], "203.0.113.9"),
    ([b'for=1.1.1.1, for=203.0.113.9;host="a'], PROXY), ([b"for=203.0.113.9, for=_hidden"], PROXY),
    ([b"for=203.0.113.9, for=unknown, for=10.2.2.2"], "10.2.2.2"), ([b"for=203.0.113.9, host=a"], PROXY),
    ([b"for=1.1.1.1;for=203.0.113.9"], PROXY), ([b"203.0.113.9"], PROXY), ([b"for=203.0.113.9,"], "203.0.113.9"),
    ([b'for="', b"for=203.0.113.9"], "203.0.113.9"), ([b'for=9.9.9.9', b'for="'], PROXY),
    ([b"for=[2001:db8::9]"], "2001:db8::9"), ([b"for = 203.0.113.9"], PROXY),
])
def test_forwarded(lines: list[bytes], client: str) -> None:
    """RFC 7239: quotes, parameters in any order, several lines; a hop that hides itself ends what is known."""
    fields = [(b"forwarded", line) for line in lines] + [(b"x-forwarded-for", b"9.9.9.9")]
    assert STANDARD.client_of(fields, PROXY) == client


def test_a_proxy_that_speaks_below_tls_is_not_read_here() -> None:
    """With the PROXY protocol no field counts."""
    fields = [(b"x-forwarded-for", b"9.9.9.9"), (b"forwarded", b"for=9.9.9.9"), (b"proxy-protocol", b"9.9.9.9")]
    assert TrustedProxies(NETWORKS, X_FORWARDED_FOR).client_of(fields[1:], PROXY) == PROXY
    assert TrustedProxies((), PROXY_PROTOCOL).client_of(fields, PROXY) == PROXY


@given(st.lists(st.one_of(
    st.binary(max_size=20), st.sampled_from([b"10.1.1.1", b"8.8.8.8", b"for=8.8.8.8", b'for="', b"unknown", b",", b'"'])),
    max_size=6))
@settings(max_examples=200)
def test_a_user_cannot_choose_who_he_is(said: list[bytes]) -> None:
    """Whatever stands left of what the proxy has appended: the appended address is the client."""
    left = b",".join(said)
    assert LIST.client_of([(b"x-forwarded-for", left), (b"x-forwarded-for", b"203.0.113.9")], PROXY) == "203.0.113.9"
    assert STANDARD.client_of([(b"forwarded", left), (b"forwarded", b"for=203.0.113.9")], PROXY) == "203.0.113.9"


@pytest.mark.parametrize("line", [b"10.0.0.1," * 3000, b"," * 30000, b'"' * 30001, b'for="' + b"\\" * 30000, b"a" * 30000,
                                  b";" * 30000, b"for=10.0.0.1;" * 2000, b"for=10.0.0.1," * 2000, b" " * 30000,
                                  b'"",' * 10000, b"a=;" * 10000, b'for="10.0.0.1",' * 2000])
def test_long_lists_take_little_time(line: bytes) -> None:
    """As long as a head may be: less than 20 ms, on a machine that others use, too."""
    for proxies in (LIST, STANDARD):
        fields = [(proxies.says.encode(), line)]
        assert cost(lambda: proxies.client_of(fields, PROXY), 0.02) <= 0.02  # noqa: B023 - called at once


def test_more_proxies_than_anybody_has_are_not_gone_through() -> None:
    """Where all hops are trusted, whoever is the sixty-fourth of them is the last that counts."""
    hops = [f"10.2.0.{number}" for number in range(200)]
    assert LIST.client_of([(b"x-forwarded-for", ", ".join(hops).encode())], PROXY) == "10.2.0.136"
    assert STANDARD.client_of([(b"forwarded", ", ".join(f"for={hop}" for hop in hops).encode())], PROXY) == "10.2.0.136"
    quoted = [f'for="{hop}"' for hop in hops]
    assert STANDARD.client_of([(b"forwarded", ", ".join(quoted).encode())], PROXY) == "10.2.0.136"
