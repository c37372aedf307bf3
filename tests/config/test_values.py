"""What single settings may be."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from appproxy.config.values import (
    Address,
    address,
    choice,
    database_url,
    dial_address,
    domain,
    flag,
    master_key,
    networks,
    number,
    optional,
    text,
    whole,
)


class TestDomain:
    """DNS names."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("example.com", "example.com"),
            ("Example.COM.", "example.com"),
            ("appproxy.localhost", "appproxy.localhost"),
            ("a-b.c1", "a-b.c1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("intranet", "intranet"),
            (".".join(["a" * 63] * 3), ".".join(["a" * 63] * 3)),
        ],
    )
    def test_good(self, value: str, expected: str) -> None:
        """Names of letters, digits and hyphens, in whatever case, with or without the last dot."""
        assert domain(value) == expected

    @pytest.mark.parametrize(
        "value",
        [
            "", ".", "a..b", "-a.b", "a-.b", "a_b.c", "a b", "*.example.com", "https://example.com", "example.com:443",
            "a" * 64 + ".com", ".".join(["a" * 62] * 4), "a/b", "a\n", 5, None, ["a"],
        ],
    )
    def test_bad(self, value: object) -> None:
        """What no certificate could be made for is refused."""
        with pytest.raises(ValueError, match="needed|must be"):
            domain(value)

    def test_other_scripts(self) -> None:
        """A name in another script is asked for in its ASCII form, rather than guessed."""
        with pytest.raises(ValueError, match="xn--"):
            domain("bücher.example")

    @pytest.mark.parametrize("value", ["127.0.0.1", "10.1", "1"])
    def test_addresses(self, value: str) -> None:
        """An IP address is no domain: applications would have no host below it."""
        with pytest.raises(ValueError, match="not an IP address"):
            domain(value)


class TestAddresses:
    """Where to listen, and where to dial."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("0.0.0.0:443", Address("0.0.0.0", 443)),
            ("[::]:1", Address("::", 1)),
            ("[0:0::1]:65535", Address("::1", 65_535)),
            ("localhost:8443", Address("localhost", 8_443)),
        ],
    )
    def test_listening(self, value: str, expected: Address) -> None:
        """An IP address and a port; written again it is the same."""
        assert address(value) == expected
        assert address(str(expected)) == expected

    @pytest.mark.parametrize(
        "value",
        [
            "", "443", ":443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:-1", "0.0.0.0:+1",
            "0.0.0.0:4_3", "0.0.0.0:99999999999999999999", "::1:443", "example.com:443", "256.0.0.1:1", 443, None,
            "0.0.0.0:\u0664\u0664\u0663",
        ],
    )
    def test_nowhere_to_listen(self, value: object) -> None:
        """Ports are from 1 to 65535, IPv6 addresses stand in brackets, and names are not for listening."""
        with pytest.raises(ValueError, match="needed|must"):
            address(value)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("Connect.Example.com:8443", "connect.example.com:8443"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:1", "[::1]:1"),
        ],
    )
    def test_dialling(self, value: str, expected: str) -> None:
        """A connector may dial a name."""
        assert dial_address(value) == expected

    @pytest.mark.parametrize("value", ["example.com", "a b:1", "example.com:0", "https://example.com:443", "300.1.1.1:1"])
    def test_nowhere_to_dial(self, value: str) -> None:
        """But not what is no name."""
        with pytest.raises(ValueError, match="needed|must"):
            dial_address(value)

    def test_networks(self) -> None:
        """Addresses and networks of both families; none are none."""
        assert networks([]) == ()
        assert networks(["10.0.0.0/8", "::1"]) == (ip_network("10.0.0.0/8"), ip_network("::1/128"))

    @pytest.mark.parametrize(
        ("value", "hint"),
        [
            ("10.0.0.0/8", "list"), ([10], "list"), (None, "list"), (["10.0.0.1/8"], "host bits"), (["proxy"], "must be"),
            (["0.0.0.0/0"], "everybody"), (["::/0"], "everybody"), (["10.0.0.0/33"], "must be"),
        ],
    )
    def test_no_networks(self, value: object, hint: str) -> None:
        """To trust everybody is to trust nobody's word but the user's own."""
        with pytest.raises(ValueError, match=hint):
            networks(value)

    @pytest.mark.parametrize(
        ("one", "other", "clash"),
        [
            ("127.0.0.1:443", "127.0.0.1:443", True),
            ("127.0.0.1:443", "127.0.0.1:444", False),
            ("127.0.0.1:443", "127.0.0.2:443", False),
            ("0.0.0.0:443", "127.0.0.1:443", True),
            ("127.0.0.1:443", "0.0.0.0:443", True),
            ("[::]:443", "127.0.0.1:443", True),
            ("[::1]:443", "127.0.0.1:443", False),
        ],
    )
    def test_clashes(self, one: str, other: str, clash: bool) -> None:
        """Two listeners clash on the same address, and on one that covers the other."""
        assert Address.clashes(address(one), address(other)) is clash


class TestPlain:
    """Numbers, words, switches."""

    @pytest.mark.parametrize("value", [1, 5, 10])
    def test_whole(self, value: int) -> None:
        """Both ends are included."""
        assert whole(1, 10)(value) == value

    @pytest.mark.parametrize("value", [0, 11, 1.5, 5.0, True, "5", None, float("nan")])
    def test_not_whole(self, value: object) -> None:
        """true is no number."""
        with pytest.raises(ValueError, match="a whole number from 1 to 10 is needed"):
            whole(1, 10)(value)

    @pytest.mark.parametrize("value", [0.5, 1, 10])
    def test_number(self, value: float) -> None:
        """Whole numbers are numbers too."""
        found = number(0.5, 10)(value)
        assert found == value and isinstance(found, float)

    @pytest.mark.parametrize("value", [0.4, 11, float("nan"), float("inf"), True, "5", None])
    def test_no_number(self, value: object) -> None:
        """Neither NaN nor infinity is a setting."""
        with pytest.raises(ValueError, match="a number from 0.5 to 10 is needed"):
            number(0.5, 10)(value)

    def test_flag(self) -> None:
        """A switch is on or off, never 1 or "yes"."""
        assert flag(True) is True
        for value in (1, "true", None):
            with pytest.raises(ValueError, match="true or false"):
                flag(value)

    def test_choice(self) -> None:
        """One of the words, in their spelling."""
        assert choice("text", "json")("json") == "json"
        for wrong in ("JSON", "", 1, None):
            with pytest.raises(ValueError, match="one of text, json"):
                choice("text", "json")(wrong)

    def test_text(self) -> None:
        """No line ends, no control characters: they would reach logs and files."""
        assert text("a b") == "a b"
        for value in ("", "a\nb", "a\x00", "a\x1b[31m", 5, None):
            with pytest.raises(ValueError, match="printable"):
                text(value)

    def test_optional(self) -> None:
        """An empty text is how a file says "none"."""
        assert optional(text)("") is None
        assert optional(text)("x") == "x"
        with pytest.raises(ValueError, match="printable"):
            optional(text)(5)

    @pytest.mark.parametrize("value", ["sqlite:////var/lib/x.db", "postgresql://u:p@h/n", "postgresql+psycopg://h/n"])
    def test_database(self, value: str) -> None:
        """SQLite and PostgreSQL."""
        assert database_url(value) == value

    @pytest.mark.parametrize("value", ["mysql://user:hunter2@h/n", "x.db", "", 5])
    def test_no_database(self, value: object) -> None:
        """No other; and the error repeats no password."""
        with pytest.raises(ValueError, match="needed") as caught:
            database_url(value)
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("value", ["file", "env:APPPROXY_KEY", "credential:master.key"])
    def test_master_key(self, value: str) -> None:
        """Exactly one of three sources."""
        assert master_key(value) == value

    @pytest.mark.parametrize(
        "value", ["", "FILE", "file:x", "env:", "env:A B", "credential:", "credential:../x", "00" * 32, None]
    )
    def test_no_master_key(self, value: object) -> None:
        """Never the key itself."""
        with pytest.raises(ValueError, match="file, env:NAME or credential:NAME is needed"):
            master_key(value)
