"""The doctor's look at what is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service import published as doctor_published
from appproxy.config import ServiceSettings, StatePaths
from appproxy.pki import Credential
from appproxy.store.certificates import certificates
from appproxy.twistd.state import read_settings
from tests.cli.conftest import NOW, Typing
from tests.pki.chains import leaf

HERE = frozenset({"192.0.2.1"})
PUBLISH = ("app", "publish", "wiki", "--internal", "http://wiki.corp:8080/", "--external", "https://wiki.example.com/")

Looking = Callable[..., dict[str, Finding]]


@pytest.fixture
def look(state: Path, monkeypatch: pytest.MonkeyPatch) -> Looking:
    """The findings by step; `dns` has the addresses of hosts, by default those of the service."""

    def look(dns: dict[str, frozenset[str]] | None = None, names: tuple[str, ...] = ("*.example.com",)) -> dict[str, Finding]:
        monkeypatch.setattr(doctor_published, "addresses_of", lambda host: (dns or {}).get(host, HERE))
        store = open_store(StatePaths(state), read_settings(state), {}, print)
        walk = Walk(lambda finding: None)
        with store.reading() as reading:
            added = [one.names for one in certificates.list_all(reading)]
        doctor_published.examine(walk, store, ServiceSettings(domain="example.com"), [names, *added], None)
        store.close()
        return {finding.step: finding for finding in walk.findings}

    return look


def test_without_applications_there_is_nothing_to_say(look: Looking) -> None:
    """A new service is not ill."""
    assert look() == {}


def test_a_group_without_a_connector_is_named(typed: Typing, look: Looking) -> None:
    """With the application, and the command that makes a token for it."""
    typed(*PUBLISH)
    found = look()["connectors of applications"]
    assert (found.health, found.detail) == (Health.BROKEN, "wiki: no connector in group default")
    assert "appproxy connector token --group default" in found.hint


def test_hosts_without_a_certificate_are_named(typed: Typing, look: Looking, state: Path) -> None:
    """A wildcard covers one label; one that was added covers its own host."""
    typed(*PUBLISH)
    assert look()["certificates of hosts"].health is Health.GOOD
    bare = look(names=("example.com",))["certificates of hosts"]
    assert (bare.health, bare.detail) == (Health.BROKEN, "no certificate for wiki.example.com")
    made = leaf("wiki.example.com", begins=NOW - 1, ends=NOW + 1e7)
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    with store.transaction(NOW) as tx:
        certificates.add(tx, "wiki", Credential(made.pem, made.key))
    store.close()
    assert look(names=("example.com",))["certificates of hosts"].health is Health.GOOD


def test_hosts_without_dns_are_named(typed: Typing, look: Looking) -> None:
    """None at all is a fault; another address than the service's own host may be meant so."""
    typed(*PUBLISH)
    assert look()["names of hosts"].health is Health.GOOD
    missing = look({"wiki.example.com": frozenset()})["names of hosts"]
    assert (missing.health, missing.detail) == (Health.BROKEN, "no DNS record for wiki.example.com")
    elsewhere = look({"wiki.example.com": frozenset({"198.51.100.9"})})["names of hosts"]
    assert elsewhere.health is Health.WARNING
    assert "wiki.example.com (198.51.100.9)" in elsewhere.detail and "192.0.2.1" in elsewhere.hint


def test_showing_an_application_says_what_is_missing(typed: Typing) -> None:
    """The same where an admin looks at one application; programs find it under `problems`."""
    typed(*PUBLISH)
    shown = typed("app", "show", "wiki")
    assert "look: no connector is in group default: appproxy connector token --group default" in shown.err
    problems = typed("app", "show", "wiki", "--json").json["problems"]
    assert any("no connector" in one for one in problems)
    assert not any("certificate" in one for one in problems)
