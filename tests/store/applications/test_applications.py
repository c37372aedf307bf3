"""Publishing, changing and removing applications."""

from __future__ import annotations

import pytest

from appproxy.errors import ConfigError, StoreError
from appproxy.publish.application import Preauthentication
from appproxy.store.applications import applications
from appproxy.store.connectors import groups
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import providers
from appproxy.store.transaction import Transaction

WIKI = ("wiki", "http://wiki:8000/w", "https://wiki.example.com/")


def test_what_is_published_is_found(store: Store, now: float) -> None:
    """By name, whatever its capitals, and by id; with the settings that were given."""
    with store.transaction(now) as tx:
        made = applications.publish(tx, *WIKI, "passthrough", backend_timeout="long", settings={"header.X-User": "email"})
        assert applications.find(tx, "WIKI") == applications.find(tx, made.id) == made
        assert applications.list_all(tx) == [made]
        assert applications.set_texts(tx, "wiki") == {"backend_timeout": "long", "header.x-user": "email"}
    assert made.preauthentication is Preauthentication.PASSTHROUGH
    assert (str(made.internal), str(made.external)) == ("http://wiki:8000/w/", "https://wiki.example.com/")
    assert made.backend_timeout == 180 and made.headers[0].claim == "email"
    assert made.connector_group == "default" and made.provider == "builtin" and made.assignment_required


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        ({"name": "Wiki"}, AlreadyThere, "already an application 'Wiki'"),
        ({"external": "https://wiki.example.com"}, AlreadyThere, "belongs to the application 'wiki'"),
        ({"external": "https://wiki.example.org"}, ConfigError, "external: "),
        ({"internal": "wiki"}, ConfigError, "internal: "),
        ({"name": "a/b"}, ConfigError, "name: "),
        ({"preauthentication": "none"}, ConfigError, "preauth: 'none' must be oidc"),
        ({"connector_group": "defualt"}, NotFound, "did you mean default"),
        ({"provider": "google"}, NotFound, "no identity provider 'google'"),
        ({"settings": {"stric": "yes"}}, ConfigError, "did you mean strict"),
    ],
)
def test_refusals(store: Store, now: float, values: dict[str, object], error: type[Exception], text: str) -> None:
    """What is wrong is named, and nothing is published."""
    with store.transaction(now) as tx:
        applications.publish(tx, *WIKI)
    arguments: dict[str, object] = {"name": "mail", "internal": "http://mail/", "external": "https://mail.example.com"}
    with pytest.raises(error, match=text), store.transaction(now) as tx:
        applications.publish(tx, **arguments | values)  # type: ignore[arg-type]
    with store.reading() as reading:
        assert [one.name for one in applications.list_all(reading)] == ["wiki"]


def test_two_applications_may_share_a_host(store: Store, now: float) -> None:
    """By path; also an id of one is no name for another."""
    with store.transaction(now) as tx:
        first = applications.publish(tx, *WIKI)
        applications.publish(tx, "api", "http://api/", "https://wiki.example.com/api/")
        with pytest.raises(AlreadyThere):
            applications.publish(tx, first.id, "http://x/", "https://x.example.com")


class TestSet:
    """`app set NAME KEY=VALUE...`"""

    @pytest.fixture
    def tx(self, store: Store, now: float) -> Transaction:
        """A finished transaction that published the wiki, to take its arguments from."""
        with store.transaction(now) as tx:
            applications.publish(tx, *WIKI)
            groups.add(tx, "Lab")
            providers.add(tx, "corp", "https://idp.example.org", "id", "secret")
        return tx

    def test_columns(self, store: Store, tx: Transaction) -> None:
        """Everything that was given at publishing can be changed."""
        with store.transaction(tx.now) as tx:
            values = {"name": "Handbook", "internal": "https://w/", "external": "https://handbook.example.com/x",
                      "preauth": "passthrough", "connector-group": "lab", "Provider": "Corp"}  # fmt: skip
            found = applications.set_values(tx, "wiki", values)
            assert found.name == "Handbook" and str(found.external) == "https://handbook.example.com/x/"
            assert found.connector_group == groups.find(tx, "lab").id
            assert found.provider == providers.find(tx, "corp").id
            assert found.preauthentication is Preauthentication.PASSTHROUGH

    def test_settings_stay_until_they_are_emptied(self, store: Store, tx: Transaction) -> None:
        """`KEY=` puts the default back; others stay as they were."""
        with store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"strict": "yes", "backend_timeout": "long", "header.x-a": "email"})
            found = applications.set_values(tx, "wiki", {"Backend-Timeout": "", "header.X-A": ""})
            assert (found.strict, found.backend_timeout, found.headers) == (True, 85.0, ())
            assert applications.set_texts(tx, "wiki") == {"strict": "yes"}

    def test_capitals_of_its_own_name(self, store: Store, tx: Transaction) -> None:
        """An application may be renamed to the same name, and keep its own URL."""
        with store.transaction(tx.now) as tx:
            found = applications.set_values(tx, "wiki", {"name": "WIKI", "external": WIKI[2]})
            assert found.name == "WIKI"

    def test_header_rules_are_checked_together(self, store: Store, tx: Transaction) -> None:
        """A new rule may not clash with one from last week."""
        with pytest.raises(ConfigError, match="the same to applications"), store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"header.x-user": "email"})
            applications.set_values(tx, "wiki", {"header.x_user": "email"})

    @pytest.mark.parametrize("values", [{"internal": ""}, {"nme": "x"}, {"strict": "x"}, {"external": "https://apps.example.com"}])
    def test_a_wrong_value_changes_nothing(self, store: Store, tx: Transaction, values: dict[str, str]) -> None:
        """Also not the right ones beside it."""
        with pytest.raises(ConfigError), store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"backend_timeout": "long", **values})
        with store.reading() as reading:
            assert applications.find(reading, "wiki").backend_timeout == 85

    def test_setting_what_is_set_is_no_change(self, store: Store, tx: Transaction) -> None:
        """A script that runs again each hour disturbs no node."""
        with store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"strict": "yes"})
        before = store.revision()
        with store.transaction(tx.now) as tx:
            applications.set_values(tx, "wiki", {"strict": "yes", "name": "wiki"})
        assert store.revision() == before


def test_what_is_removed_is_gone(store: Store, now: float) -> None:
    """Its name and URL are free again."""
    with store.transaction(now) as tx:
        applications.publish(tx, *WIKI)
        assert applications.remove(tx, "wiki").name == "wiki"
        with pytest.raises(NotFound, match="no application 'wiki'"):
            applications.find(tx, "wiki")
        applications.publish(tx, *WIKI)


def test_nothing_is_published_before_init(empty_store: Store, now: float) -> None:
    """A database without a domain is told as such."""
    with pytest.raises(StoreError, match="appproxy init"), empty_store.transaction(now) as tx:
        applications.publish(tx, *WIKI)
