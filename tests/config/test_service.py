"""Settings of the service."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.config import (
    SERVICE_SETTINGS,
    Address,
    ServiceLimits,
    ServiceSettings,
    dump_service,
    load_service,
)
from appproxy.errors import ConfigError

MINIMAL = 'domain = "example.com"\n'


def problem(toml: str) -> str:
    """What an admin is told of this file."""
    with pytest.raises(ConfigError) as caught:
        load_service(toml, "service.toml")
    return str(caught.value)


class TestDefaults:
    """A domain is enough."""

    def test_a_domain_is_enough(self) -> None:
        """Everything else has a default."""
        found = load_service(MINIMAL, "service.toml")
        assert found == ServiceSettings(domain="example.com")
        assert found.listen == Address("0.0.0.0", 443)
        assert found.tunnel_listen == Address("0.0.0.0", 8_443)
        assert found.tunnel_address == "connect.example.com:8443"
        assert found.master_key == "file"
        assert found.limits == ServiceLimits()
        assert found.renew_after_days == 180
        assert found.drain_seconds == 30.0

    @pytest.mark.parametrize(("listen", "dialled"), [
        ("0.0.0.0:8443", "127.0.0.1:8443"), ("[::]:8443", "127.0.0.1:8443"), ("[::1]:8444", "[::1]:8444")])
    def test_a_domain_below_localhost_is_this_machine(self, listen: str, dialled: str) -> None:
        """Also where the resolver does not know that, as most do not."""
        found = load_service(f'domain = "wiki.localhost"\ntunnel_listen = "{listen}"\n', "service.toml")
        assert found.tunnel_address == dialled

    def test_hosts(self) -> None:
        """The reserved hosts follow from the domain, and the port stands in URLs unless it is 443."""
        found = ServiceSettings(domain="example.com")
        assert (found.signin_host, found.apps_host, found.connect_host) == (
            "signin.example.com", "apps.example.com", "connect.example.com",
        )
        assert found.signin_origin == "https://signin.example.com"
        elsewhere = ServiceSettings(domain="example.com", listen=Address("127.0.0.1", 9_443))
        assert elsewhere.public_port == 9_443
        assert elsewhere.signin_origin == "https://signin.example.com:9443"
        assert elsewhere.apps_origin == "https://apps.example.com:9443"

    def test_behind_a_balancer(self) -> None:
        """Where something translates the port, URLs show the port that users see."""
        found = ServiceSettings(domain="example.com", listen=Address("127.0.0.1", 9_443), public_port=443)
        assert found.signin_origin == "https://signin.example.com"

    def test_they_cannot_be_changed(self) -> None:
        """Settings are values."""
        with pytest.raises(FrozenInstanceError):
            ServiceSettings(domain="example.com").domain = "x"  # type: ignore[misc]

    def test_the_databases_password_is_not_printed(self) -> None:
        """Settings in a log do not show it."""
        found = ServiceSettings(domain="example.com", database_url="postgresql://u:hunter2@h/n")
        assert "hunter2" not in repr(found)


class TestErrors:
    """Each error names file, key and what to write."""

    @pytest.mark.parametrize(
        ("toml", "expected"),
        [
            ("", "service.toml: domain: is needed and missing"),
            ("domain = 5", "service.toml: domain: a non-empty text"),
            ('domain = "127.0.0.1"', "service.toml: domain: '127.0.0.1' must be a DNS name, not an IP address"),
            ("domain =", "service.toml: this is not TOML: "),
            (MINIMAL + 'listn = "x"', "service.toml: listn: there is no such setting; did you mean listen?"),
            (MINIMAL + "queue = 5", "service.toml: queue: there is no such setting; did you mean limits.queue?"),
            (MINIMAL + "drain = 5", "service.toml: drain: there is no such setting; did you mean drain_seconds?"),
            (MINIMAL + "zzzz = 5", "service.toml: zzzz: there is no such setting"),
            (MINIMAL + "[limits]\nqueu = 5", "service.toml: limits.queu: there is no such setting; did you mean limits.queue"),
            (MINIMAL + "[limits]\ndomain = 5", "service.toml: limits.domain: there is no such setting; did you mean domain"),
            (MINIMAL + "limits = 5", "service.toml: limits: a table is needed: [limits]"),
            (MINIMAL + "[limits]\nqueue = -1", "service.toml: limits.queue: a whole number from 0 to 100000 is needed"),
            (MINIMAL + "[domains]", "service.toml: domains: there is no such setting; did you mean domain?"),
            (MINIMAL + 'listen = "example.com:443"', "service.toml: listen: 'example.com' must be an IP address"),
            (MINIMAL + 'listen = "0.0.0.0:99999"', "service.toml: listen: HOST:PORT is needed, with a port from 1 to 65535"),
            (MINIMAL + 'certificate = "a.pem"', "service.toml: key: is needed with certificate; give both or none"),
            (MINIMAL + 'key = "a.key"', "service.toml: certificate: is needed with key; give both or none"),
            (MINIMAL + "renew_after_days = 365", "service.toml: renew_after_days: a number below certificate_days (365)"),
            (MINIMAL + 'database_url = "mysql://u:hunter2@h/n"', "service.toml: database_url: a URL that starts with sqlite"),
            (MINIMAL + 'log_format = "xml"', "service.toml: log_format: one of text, json is needed"),
            (MINIMAL + 'strict = "yes"', "service.toml: strict: true or false is needed"),
            (MINIMAL + "domain = 5", "service.toml: this is not TOML: "),
        ],
    )
    def test_the_error_names_the_key(self, toml: str, expected: str) -> None:
        """File, key, and what is needed, in one line."""
        found = problem(toml)
        assert found.startswith(expected)
        assert "\n" not in found and "hunter2" not in found

    @pytest.mark.parametrize(
        ("toml", "key", "other"),
        [
            ('tunnel_listen = "0.0.0.0:443"', "tunnel_listen", "listen"),
            ('tunnel_listen = "127.0.0.1:443"', "tunnel_listen", "listen"),
            ('metrics_listen = "127.0.0.1:443"', "metrics_listen", "listen"),
            ('metrics_listen = "127.0.0.1:8443"', "metrics_listen", "tunnel_listen"),
        ],
    )
    def test_listeners_are_apart(self, toml: str, key: str, other: str) -> None:
        """Users, connectors and metrics never share an address: nothing can cross the mutual-TLS border."""
        assert f"service.toml: {key}: " in problem(MINIMAL + toml)
        assert f"is the address of {other} too" in problem(MINIMAL + toml)

    def test_the_same_port_elsewhere(self) -> None:
        """Two addresses of one machine may use one port."""
        toml = 'listen = "127.0.0.1:443"\ntunnel_listen = "127.0.0.2:443"'
        assert load_service(MINIMAL + toml, "x").tunnel_listen.port == 443

    @given(st.text(max_size=200))
    @settings(max_examples=100)
    def test_any_text(self, text: str) -> None:
        """Whatever stands in the file, the error is one line with the file's name."""
        assert problem(text).startswith("service.toml: ")

    @given(
        st.dictionaries(
            st.sampled_from([one.key for one in SERVICE_SETTINGS if "." not in one.key]),
            st.sampled_from(['""', "0", "-1", "1e300", "nan", "true", "[]", "{}", '"x"', "1979-05-27", '"a:1"']),
        )
    )
    @settings(max_examples=150)
    def test_any_value_of_any_key(self, table: dict[str, str]) -> None:
        """Whatever value a key has, it is taken or named."""
        toml = "".join(f"{key} = {value}\n" for key, value in table.items())
        try:
            load_service(toml, "service.toml")
        except ConfigError as error:
            key = str(error).split(": ")[1]
            assert key in {one.key for one in SERVICE_SETTINGS}


CHANGED = ServiceSettings(
    domain="example.org",
    listen=Address("127.0.0.1", 9_443),
    tunnel_listen=Address("::1", 9_444),
    public_port=443,
    tunnel_address="192.0.2.1:8443",
    certificate='/etc/"tls"/cert\\.pem',
    key="/etc/tls/ключ.pem",
    database_url="postgresql://u:p@h/n",
    master_key="env:KEY",
    metrics_listen=Address("127.0.0.1", 9_100),
    access_log=None,
    log_format="json",
    drain_seconds=0.5,
    strict=True,
    certificate_days=30,
    renew_after_days=10,
    limits=ServiceLimits(queue=7, body_rate=0.0),
)


class TestFile:
    """The file that `init` writes."""

    @pytest.mark.parametrize(
        "found",
        [
            ServiceSettings(domain="example.com"),
            ServiceSettings(domain="example.com", listen=Address("127.0.0.1", 9_443)),
            CHANGED,
            replace(CHANGED, limits=ServiceLimits()),
        ],
    )
    def test_there_and_back(self, found: ServiceSettings) -> None:
        """What was written is read as the same settings."""
        assert load_service(dump_service(found), "x") == found

    def test_it_explains_itself(self) -> None:
        """Every setting stands in it with its meaning; those at their default as comments."""
        text = dump_service(ServiceSettings(domain="example.com"))
        for one in SERVICE_SETTINGS:
            name = one.key.rpartition(".")[2]
            assert f"\n#{name} = " in text or f"\n{name} = " in text, one.key
            assert one.meaning.splitlines()[0] in text
        assert [line for line in text.splitlines() if line and not line.startswith("#")] == [
            'domain = "example.com"', "[risk]", "[limits]", "[traces]",
        ]

    def test_a_port_of_ones_own_stands_in_the_file(self) -> None:
        """What was chosen at `init` is in force, what follows from it is shown as a comment."""
        text = dump_service(ServiceSettings(domain="example.com", tunnel_listen=Address("127.0.0.1", 9_444)))
        assert '\ntunnel_listen = "127.0.0.1:9444"\n' in text
        assert '\n#tunnel_address = "connect.example.com:9444"\n' in text

    def test_every_comment_can_be_uncommented(self) -> None:
        """An admin who takes the # away gets the default, not an error."""
        text = dump_service(ServiceSettings(domain="example.com"))
        keys = {one.key.rpartition(".")[2] for one in SERVICE_SETTINGS}
        lines = [line[1:] if line[1:].split(" = ")[0] in keys else line for line in text.splitlines()]
        assert load_service("\n".join(lines), "x") == ServiceSettings(domain="example.com")


def test_trusted_proxies_are_written_and_read_again() -> None:
    """A list of networks, and how they speak; by default there are none."""
    settings = load_service('domain = "example.com"\ntrusted_proxies = ["10.0.0.0/8", "::1"]\n', "service.toml")
    assert [str(one) for one in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert load_service(dump_service(settings), "service.toml") == settings
    assert ServiceSettings(domain="example.com").trusted_proxies == ()
