"""Which proxy leads out: what settings and environment say together."""

from __future__ import annotations

import pytest

from appproxy.config.outbound_proxy import credentials_source, proxy_url, read_proxies
from appproxy.errors import ConfigError

PROXY = "http://proxy.corp:3128"
SERVICE = ("connect.example.com", 8443)


def towards(setting: str | None, environment: dict[str, str], host: str = SERVICE[0], port: int = SERVICE[1]) -> str:
    """The proxy for a place, "" for none, with where it was named."""
    found = read_proxies(setting, "", environment).towards(host, port)
    return "" if found is None else f"{found} {found.source}"


@pytest.mark.parametrize(
    ("setting", "environment", "expected"),
    [
        (None, {}, ""),
        (PROXY, {}, "proxy.corp:3128 outbound_proxy"),
        (None, {"HTTPS_PROXY": PROXY}, "proxy.corp:3128 HTTPS_PROXY"),
        (None, {"HTTPS_PROXY": "proxy.corp"}, "proxy.corp:80 HTTPS_PROXY"),
        (None, {"HTTPS_PROXY": "http://[2001:db8::1]:8080/"}, "[2001:db8::1]:8080 HTTPS_PROXY"),
        (None, {"https_proxy": "a.corp:1", "HTTPS_PROXY": "b.corp:2"}, "a.corp:1 https_proxy"),
        (None, {"https_proxy": "", "HTTPS_PROXY": "b.corp:2"}, "b.corp:2 HTTPS_PROXY"),
        (None, {"HTTP_PROXY": PROXY}, ""),
        (PROXY, {"HTTPS_PROXY": "other.corp:1"}, "proxy.corp:3128 outbound_proxy"),
        ("none", {"HTTPS_PROXY": PROXY}, ""),
        (PROXY, {"NO_PROXY": "example.com"}, ""),
    ],
)
def test_who_wins(setting: str | None, environment: dict[str, str], expected: str) -> None:
    """The setting before the environment, small letters before capitals; NO_PROXY in any case."""
    assert towards(setting, environment) == expected


@pytest.mark.parametrize(
    ("listed", "host", "direct"),
    [
        ("*", "connect.example.com", True),
        ("example.com", "connect.example.com", True),
        (".example.com", "connect.example.com", True),
        ("*.example.com", "connect.EXAMPLE.com", True),
        ("corp, Connect.Example.com", "connect.example.com", True),
        ("example.com:8443", "connect.example.com", True),
        ("example.com:443", "connect.example.com", False),
        ("ample.com", "connect.example.com", False),
        ("connect.example.com.corp", "connect.example.com", False),
        (",, .", "connect.example.com", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.1/8", "10.1.2.3", True),
        ("10.0.0.0/8", "connect.example.com", False),
        ("10.0.0.0/99", "10.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:8443", "10.1.2.3", True),
        ("0.1.2.3", "10.1.2.3", False),
        ("2001:db8::1", "2001:db8:0::1", True),
        ("[2001:db8::1]:8443", "2001:db8::1", True),
        ("[2001:db8::1]:1", "2001:db8::1", False),
        ("2001:db8::/32", "2001:db8::1", True),
    ],
)
def test_no_proxy(listed: str, host: str, direct: bool) -> None:
    """Domains with what is below them, addresses, networks, ports; and no half of a name."""
    assert (towards(PROXY, {"NO_PROXY": listed}, host) == "") is direct


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "connect.appproxy.localhost"])
def test_this_machine(host: str) -> None:
    """A variable never means it; a setting does."""
    assert (towards(None, {"HTTPS_PROXY": PROXY}, host), bool(towards(PROXY, {}, host))) == ("", True)


def test_credentials() -> None:
    """Those of the settings before those of the variable; never shown."""
    environment = {"HTTPS_PROXY": "http://al%40corp:s%3Acret@proxy.corp:3128"}
    own = read_proxies(None, "", environment).proxy
    given = read_proxies(None, "bob:pw", environment).proxy
    assert own is not None and given is not None
    assert (own.credentials, given.credentials) == ("al@corp:s:cret", "bob:pw")
    assert "cret" not in repr(own) + str(own)


@pytest.mark.parametrize(
    "value",
    ["https://cret@proxy.corp", "socks5://x:cret@proxy.corp:1", "http://:cret@", "http://x:cret@p:99999", "http://x:cret@p/path",
     "http://x:cr%0aet@p:1", "http://x:cret@p%p:1"],
)  # fmt: skip
def test_a_wrong_variable(value: str) -> None:
    """It is named, and not shown: there may be a password in it."""
    with pytest.raises(ConfigError, match="HTTPS_PROXY: ") as caught:
        read_proxies(None, "", {"HTTPS_PROXY": value})
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", 5, "http://a:b@p:1", "socks5://p:1", "http://", "http://p:1/x"])
def test_a_wrong_setting(value: object) -> None:
    """A password is none of its: the file may be shown to others."""
    with pytest.raises(ValueError):
        proxy_url(value)


def test_right_settings() -> None:
    """As they were written."""
    assert [proxy_url(one) for one in ("none", PROXY, "p:1")] == ["none", PROXY, "p:1"]
    assert [credentials_source(one) for one in ("/a/b", "env:PROXY_LOGIN")] == ["/a/b", "env:PROXY_LOGIN"]
    with pytest.raises(ValueError):
        credentials_source("env:A B")
