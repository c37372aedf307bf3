"""The doctor's look at a service's state directory."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Health, Walk
from appproxy.cli.doctor.service.walk import examine
from appproxy.config import StatePaths
from appproxy.pki import Credential
from appproxy.store.certificates import acme, certificates
from appproxy.store.people import providers
from appproxy.store.tables import core as schema
from appproxy.twistd.state import read_settings
from tests.cli.conftest import NOW
from tests.pki.chains import leaf

DAY = 86400.0


def health(state: Path, now: float) -> dict[str, Health]:
    """Each step's."""
    walk = Walk(lambda finding: None)
    examine(walk, state, now, {})
    return {finding.step: finding.health for finding in walk.findings}


def test_certificates_age(state: Path) -> None:
    """Good when made, a warning in the last two weeks, broken after the end."""
    steps = ("connectors' certificate", "users' certificate")
    for now, expected in ((NOW, Health.GOOD), (NOW + 360 * DAY, Health.WARNING), (NOW + 366 * DAY, Health.BROKEN)):
        found = health(state, now)
        assert [found[step] for step in steps] == [expected, expected]


def test_another_port_than_at_init_is_found(state: Path) -> None:
    """With the line that service.toml needs."""
    assert health(state, NOW)["domain and port"] is Health.GOOD
    text = (state / "service.toml").read_text()
    (state / "service.toml").write_text(f"public_port = 9444\n{text}")
    walk = Walk(lambda finding: None)
    examine(walk, state, NOW, {})
    (found,) = (one for one in walk.findings if one.step == "domain and port")
    assert found.health is Health.BROKEN
    assert "set public_port = " in found.detail


def test_added_certificates_age(state: Path) -> None:
    """One that ends soon is named as a warning, one that has ended as a fault; without any there is no such step."""
    assert "added certificates" not in health(state, NOW)
    made = leaf("wiki.example.com", begins=NOW - DAY, ends=NOW + 90 * DAY)
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    with store.transaction(NOW) as tx:
        certificates.add(tx, "wiki", Credential(made.pem, made.key))
    store.close()
    for days, expected in ((68, Health.GOOD), (70, Health.WARNING), (91, Health.BROKEN)):
        walk = Walk(lambda finding: None)
        examine(walk, state, NOW + days * DAY, {})
        (found,) = (one for one in walk.findings if one.step == "added certificates")
        assert found.health is expected
        assert expected is Health.GOOD or ("wiki" in found.detail and "appproxy certificate renew" in found.hint)


def test_refused_orders_are_told(state: Path) -> None:
    """In the authority's words."""
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    with store.transaction(NOW) as tx:
        acme.set_account(tx, "https://ca.example.com/dir", [])
        id_ = acme.order(tx, "wiki", ["wiki.example.com"], acme.TLS_ALPN_01).id
    assert health(state, NOW)["ordered certificates"] is Health.GOOD
    with store.transaction(NOW) as tx:
        acme.claim(tx, "node")
        acme.failed(tx, id_, "node", "caa: no", NOW + 900)
    store.close()
    walk = Walk(lambda finding: None)
    examine(walk, state, NOW, {})
    (found,) = (one for one in walk.findings if one.step == "ordered certificates")
    assert (found.health, found.detail) == (Health.WARNING, "wiki: caa: no")


def test_a_provider_whose_kind_is_gone(state: Path) -> None:
    """Its distribution was removed: nobody can sign in."""
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    with store.transaction(NOW) as tx:
        made = providers.add(tx, "forum", "https://forum.example.com", "appproxy", "secret")
        tx.change(sa.update(schema.providers).where(schema.providers.c.id == made.id).values(kind="discourse"))
    store.close()
    walk = Walk(lambda finding: None)
    examine(walk, state, NOW, {})
    (found,) = (one for one in walk.findings if one.step == "identity provider forum")
    assert found.health is Health.BROKEN and "brings the kind 'discourse'" in found.detail and "install" in found.hint


def test_another_master_key_is_found(state: Path) -> None:
    """A key that is not this database's is told before anything of the database is read."""
    (state / "master.key").write_text("00" * 32 + "\n")
    found = health(state, NOW)
    assert found["master key and database"] is Health.BROKEN
    assert "users' certificate" not in found
