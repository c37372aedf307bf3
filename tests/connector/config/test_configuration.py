"""What the connector takes for a configuration, and how it keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appproxy.connector.config.configuration import MOST_BYTES, Configuration, ConfigurationCache, parse_configuration
from appproxy.errors import ConfigError
from tests.cost.growth import MOST, growth


def text(version: object = 3, trust: object = None, **entry: object) -> bytes:
    """A configuration with one application."""
    application = {"id": "wiki", "internal": "https://wiki.corp:8443/base/", "name": "Wiki", **entry}
    return json.dumps({"version": version, "trust": trust or [], "applications": {"wiki": application}}).encode()


def test_an_application() -> None:
    """Its address, its own name, and the defaults."""
    configuration = parse_configuration(text())
    target = configuration.targets["wiki"]
    assert configuration.version == 3
    assert (target.address.scheme, target.address.host, target.address.port) == ("https", "wiki.corp", 8443)
    assert target.authority == b"wiki.corp:8443"
    assert not target.keep_host
    assert target.address.verify_tls
    assert target.upgrades == frozenset({b"websocket"})


def test_all_settings() -> None:
    """Each is taken."""
    configuration = parse_configuration(text(
        trust=["PEM"], host_header="original", verify_tls=False, ca_bundle="PEM", server_name="w",
        client_certificate="wiki",
        protocol="h2", max_connections=7, connect_timeout=3, upgrade_idle_timeout=60, upgrades=["WebSocket", "foo"]))
    target = configuration.targets["wiki"]
    assert configuration.trust == ("PEM",)
    assert target.keep_host
    assert (target.address.verify_tls, target.address.ca_bundle, target.address.server_name) == (False, "PEM", "w")
    assert (target.address.client_certificate, target.address.protocol) == ("wiki", "h2")
    assert target.address.max_connections == 7
    assert (target.address.application, target.address.connection_authentication) == ("wiki", "auto")
    assert (target.connect_timeout, target.upgrade_idle_timeout) == (3.0, 60.0)
    assert target.upgrades == frozenset({b"websocket", b"foo"})


def test_segments() -> None:
    """Each is a target of its own, under the application's settings."""
    configuration = parse_configuration(text(verify_tls=False, segments={
        "s1": {"internal": "http://api.corp:81/v1/", "external": "https://api.example.com/"},
        "s2": {"internal": "https://*.corp/", "external": "https://*.example.com/"}}, excluded_hosts=["no.example.com"]))
    assert set(configuration.targets) == {"wiki", "wiki.s1", "wiki.s2"}
    first, second = configuration.targets["wiki.s1"], configuration.targets["wiki.s2"]
    assert (first.address.scheme, first.address.host, first.address.port) == ("http", "api.corp", 81)
    assert first.authority == b"api.corp:81" and first.application == "wiki" and first.wildcard is None
    assert not second.address.verify_tls and second.excluded_hosts == {"no.example.com"}
    assert second.wildcard is not None and str(second.wildcard.external) == "https://*.example.com/"


def test_what_is_said_again_is_not_read_again() -> None:
    """Of ten thousand applications one has changed: the others' targets are the very objects of before."""
    segments = {"s1": {"internal": "http://api.corp/", "external": "https://api.example.com/"}}
    before = parse_configuration(text(segments=segments))
    again = parse_configuration(text(version=4, segments=segments), before)
    assert again.version == 4 and again.targets == before.targets
    assert all(again.targets[name] is before.targets[name] for name in ("wiki", "wiki.s1"))
    changed = parse_configuration(text(verify_tls=False, segments=segments), again)
    assert not changed.targets["wiki"].address.verify_tls and not changed.targets["wiki.s1"].address.verify_tls
    assert set(parse_configuration(text(), changed).targets) == {"wiki"}


def test_what_has_changed_is_put_together_with_the_rest() -> None:
    """New and changed applications come in, those that are gone go, and what is kept says the same once more."""
    entries = {name: {"internal": f"http://{name}.corp/"} for name in "abc"}
    before = parse_configuration(json.dumps({"version": 1, "tag": "t1", "applications": entries}).encode())
    changes = {"version": 2, "tag": "t2", "since": "t1", "removed": ["b", "unknown"],
               "applications": {"a": {"internal": "http://other.corp/"}, "d": {"internal": "http://d.corp/"}}}
    after = parse_configuration(json.dumps(changes).encode(), before)
    assert (after.version, after.tag, set(after.targets)) == (2, "t2", {"a", "c", "d"})
    assert after.targets["a"].address.host == "other.corp" and after.targets["c"] is before.targets["c"]
    assert set(before.targets) == {"a", "b", "c"}
    again = parse_configuration(after.text())
    assert again == after and again.entries == after.entries


def test_applications_that_go_cost_no_more_the_more_others_go() -> None:
    """All of them are forgotten in the reactor's thread."""
    def removing(count: int) -> Callable[[], object]:
        entries = {f"a{number}": {"internal": "http://w/"} for number in range(count)}
        before = replace(Configuration(), tag="t1", entries=entries)
        text = json.dumps({"version": 2, "tag": "t2", "since": "t1", "removed": [*entries], "applications": {}}).encode()
        return lambda: parse_configuration(text, before)

    assert growth(removing, 1000) <= MOST


@pytest.mark.parametrize("more", [
    {"since": "t2", "removed": []}, {"since": "", "removed": []}, {"since": "t1"}, {"since": "t1", "removed": {}},
    {"since": "t1", "removed": [{}]},
    {"since": 1}, {"tag": 1}, {"tag": "a b"}, {"tag": "x" * 65}])
def test_changes_of_something_else_are_refused(more: dict[str, object]) -> None:
    """Put together with the wrong rest they would be a configuration that nobody has made."""
    before = parse_configuration(b'{"version": 1, "tag": "t1", "applications": {}}')
    with pytest.raises(ConfigError):
        parse_configuration(json.dumps({"version": 2, "applications": {}, **more}).encode(), before)
    with pytest.raises(ConfigError):
        parse_configuration(b'{"version": 2, "applications": {}, "since": "", "removed": []}')


@pytest.mark.parametrize(("entry", "key"), [
    ({"internal": "http://*.corp/"}, "wiki: external"),
    ({"internal": "http://*.corp/", "external": "https://wiki.example.com/"}, "wiki: external: .*no wildcard"),
    ({"segments": [1]}, "wiki: segments"),
    ({"segments": {"s": 1}}, "wiki.s: an object"),
    ({"segments": {"s": {}}}, "wiki.s: internal"),
    ({"segments": {"s": {"internal": "http://*.corp/"}}}, "wiki.s: external"),
    ({"excluded_hosts": "x"}, "wiki: excluded_hosts"),
    ({"excluded_hosts": [1]}, "wiki: excluded_hosts"),
    ({"internal": "ftp://wiki"}, "wiki: internal"),
    ({"internal": 7}, "wiki: internal"),
    ({"internal": "http://user@wiki/"}, "wiki: internal"),
    ({"host_header": "mine"}, "wiki: host_header"),
    ({"verify_tls": "no"}, "wiki: verify_tls"),
    ({"connect_timeout": 0}, "wiki: connect_timeout"),
    ({"connect_timeout": 1e999}, "Infinity is not JSON"),
    ({"connect_timeout": True}, "wiki: connect_timeout"),
    ({"upgrades": "websocket"}, "wiki: upgrades"),
    ({"connection_authentication": "yes"}, "wiki: connection_authentication"),
    ({"connection_authentication": "always", "protocol": "h2"}, "needs protocol=http1"),
    ({"ca_bundle": None}, "wiki: ca_bundle"),
    ({"client_certificate": "../connector"}, "wiki: client_certificate"),
    ({"client_certificate": "/etc/key"}, "wiki: client_certificate"),
    ({"protocol": "h3"}, "wiki: protocol"),
    ({"origins": "http://b"}, "wiki: origins"),
    ({"origins": ["ftp://b"]}, "wiki: origins"),
    ({"health_interval": 0}, "wiki: health_interval"),
    ({"max_connections": -1}, "wiki: max_connections"),
    ({"max_connections": True}, "wiki: max_connections"),
    ({"version": -1}, "version"),
    ({"version": "1"}, "version"),
    ({"trust": [1]}, "trust"),
])
def test_errors_name_the_application_and_the_key(entry: dict[str, object], key: str) -> None:
    """Nothing that is wrong is taken in silence; above all no address."""
    with pytest.raises(ConfigError, match=key):
        parse_configuration(text(**entry))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version": 1, "applications": []}', b"[" * 100_000,
                                  b'{"version": 1, "applications": {"a": 1}}', b"\xff"])
def test_what_is_no_configuration(data: bytes) -> None:
    """Any bytes: ConfigError or a configuration, nothing else."""
    with pytest.raises(ConfigError):
        parse_configuration(data)


def test_it_is_bounded() -> None:
    """Megabytes are not even parsed."""
    with pytest.raises(ConfigError, match="more than"):
        parse_configuration(b" " * (MOST_BYTES + 1))


def test_the_file(tmp_path: Path) -> None:
    """What was saved is loaded; no file is an empty configuration; only the owner may read it."""
    file = ConfigurationCache(tmp_path / "configuration.json")
    assert file.load() == Configuration()
    file.save(text())
    assert file.load() == parse_configuration(text())
    assert (tmp_path / "configuration.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_file(tmp_path: Path) -> None:
    """The error names the file and the fix."""
    (tmp_path / "configuration.json").write_bytes(b"{")
    with pytest.raises(ConfigError, match=r"configuration\.json.*delete the file"):
        ConfigurationCache(tmp_path / "configuration.json").load()
