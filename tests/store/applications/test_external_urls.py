"""Every external URL is one application's, whoever names it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.publish.application import Application
from appproxy.store import migrate
from appproxy.store.applications import applications, segments
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere
from appproxy.store.tables import core as schema
from tests.pki.chains import ROOT

SHOP = ("shop", "http://shop/", "https://shop.example.com/")


@pytest.fixture
def shop(store: Store, now: float) -> Application:
    """An application with an alternate host, a wildcard and a segment; and another."""
    with store.transaction(now) as tx:
        applications.publish(tx, "mail", "http://mail/", "https://mail.example.com/")
        applications.publish(tx, *SHOP, alternate_hosts="store.example.com, Buy.example.com")
        segments.add(tx, "shop", "https://*.example.com/", "http://*.corp/")
        segments.add(tx, "shop", "https://api.example.com/v1/", "http://api/")
        return applications.find(tx, "shop")


def taken(store: Store) -> set[tuple[str, str]]:
    """All that is taken."""
    with store.reading() as reading:
        return {(row["host"], row["path"]) for row in reading.rows(sa.select(schema.external_urls))}


@pytest.mark.parametrize(
    "external",
    ["https://shop.example.com", "https://store.example.com/", "https://buy.example.com/", "https://*.example.com/",
     "https://api.example.com/v1/", "https://API.example.com/V1"],
)
def test_nobody_else_gets_it(store: Store, now: float, shop: Application, external: str) -> None:
    """Not as its own URL, not by a change of it, not as a segment; also not with other capitals in the path."""
    internal = "http://*.x/" if "*" in external else "http://x/"
    with pytest.raises(AlreadyThere, match="belongs to the application 'shop'"), store.transaction(now) as tx:
        applications.publish(tx, "new", internal, external)
    with pytest.raises(AlreadyThere, match="belongs to the application 'shop'"), store.transaction(now) as tx:
        applications.set_values(tx, "mail", {"external": external, "internal": internal})
    with pytest.raises(AlreadyThere, match="belongs to the application 'shop'"), store.transaction(now) as tx:
        segments.add(tx, "mail", external, internal)


def test_nor_as_an_alternate_host(store: Store, now: float, shop: Application) -> None:
    """On whichever side it is an alternate host."""
    for host in ("shop.example.com", "store.example.com", "mail.example.com"):
        name = "shop" if host.startswith("mail") else "mail"
        with pytest.raises(AlreadyThere), store.transaction(now) as tx:
            applications.set_values(tx, name, {"alternate_hosts": host})


@pytest.mark.parametrize(
    ("host", "hint"),
    [("store.example.org", "not below example.com"), ("connect.example.com", "the service's own"),
     ("*.example.com", "without a star"), ("https://x", "must be none, or host names"), ("a..b", "must be none")],
)
def test_alternate_hosts_that_are_refused(store: Store, now: float, shop: Application, host: str, hint: str) -> None:
    """They are held to the same rules as the external URL."""
    with pytest.raises(ConfigError, match=f"^alternate_hosts: .*{hint}"), store.transaction(now) as tx:
        applications.set_values(tx, "shop", {"alternate_hosts": host})


def test_a_wildcard_has_no_alternate_host(store: Store, now: float) -> None:
    """There would be nothing to carry over; the message says what to do."""
    with pytest.raises(ConfigError, match="as a segment"), store.transaction(now) as tx:
        applications.publish(tx, "wild", "http://*.corp/", "https://*.example.com/", alternate_hosts="a.example.com")


def test_a_pair_stays_a_pair(store: Store, now: float, shop: Application) -> None:
    """One of two URLs cannot become a wildcard alone; both at once can."""
    with pytest.raises(ConfigError, match="must be one, too"), store.transaction(now) as tx:
        applications.set_values(tx, "mail", {"external": "https://*.example.com/sub/"})
    with store.transaction(now) as tx:
        applications.set_values(tx, "mail", {"external": "https://*.example.com/sub/", "internal": "http://*.sub/"})


def test_what_is_no_longer_used_is_free(store: Store, now: float, shop: Application) -> None:
    """After a change and after removal."""
    with store.transaction(now) as tx:
        applications.set_values(tx, "shop", {"alternate_hosts": "buy.example.com", "external": "https://x.example.com/s"})
    assert taken(store) == {("mail.example.com", "/"), ("x.example.com", "/s/"), ("buy.example.com", "/s/"),
                            ("*.example.com", "/"), ("api.example.com", "/v1/")}
    with store.transaction(now) as tx:
        applications.remove(tx, "shop")
    assert taken(store) == {("mail.example.com", "/")}


def test_the_migration_notes_what_was_taken(now: float) -> None:
    """What was published before the table was there; of two paths that differ in capitals, the first."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        migrate.upgrade(connection, "certificates")
        rows = {"provider": "builtin", "connector_group": "default", "settings": "{}", "created": now,
                "preauthentication": "oidc", "internal": "http://x/", "external_host": "a.example.com"}
        for id_, path in (("1", "/Wiki/"), ("2", "/wiki/"), ("3", "/")):
            connection.execute(sa.insert(schema.applications).values(
                id=id_, name=id_, name_key=id_, external=f"https://a.example.com{path}", external_path=path, **rows))
        migrate.upgrade(connection)
        found = connection.execute(sa.select(schema.external_urls)).all()
    assert set(found) == {("a.example.com", "/wiki/", "1"), ("a.example.com", "/", "3")}


@pytest.mark.parametrize("host", ["hr.example.org", "example.com"])
def test_a_host_that_no_wildcard_stands_for_cannot_be_excluded(store: Store, now: float, shop: Application, host: str) -> None:
    """It is mistyped, and the host that was meant would stay open; the refusal names what can be excluded."""
    with store.transaction(now) as tx, pytest.raises(ConfigError, match=rf"{host}.*below \*\.example\.com"):
        applications.set_values(tx, "shop", {"excluded_hosts": f"hr.example.com,{host}"})
    with store.transaction(now) as tx, pytest.raises(ConfigError, match="publish one first"):
        applications.publish(tx, "team", "http://t/", "https://team.example.com/", excluded_hosts="team.example.com")
    with store.transaction(now) as tx:
        assert applications.set_values(tx, "shop", {"excluded_hosts": "hr.example.com"}).excluded_hosts


def test_machines_are_asked_for_certificates_at_hosts_with_a_name(store: Store, now: float) -> None:
    """A wildcard would have browsers asked at hosts that belong to others, too."""
    authority = {"machine_authority": ROOT.pem}
    wildcard = {"external": "https://*.example.com/x/", "internal": "http://*.plant/"}
    with store.transaction(now) as tx:
        applications.publish(tx, "plant", "http://plant/", "https://plant.example.com/", settings=authority)
        applications.publish(tx, "team", "http://*.team/", "https://*.example.com/")
    for name, changes in (("team", authority), ("plant", wildcard)):
        with pytest.raises(ConfigError, match="machine_authority"), store.transaction(now) as tx:
            applications.set_values(tx, name, changes)
    with pytest.raises(ConfigError, match="machine_authority"), store.transaction(now) as tx:
        segments.add(tx, "plant", wildcard["external"], wildcard["internal"])
