"""Orders of certificates, the account and the challenges in the store."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.pki import Credential
from appproxy.store.certificates import acme, certificates
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.snapshot import AcmeChallenge
from appproxy.store.tables.certificates import acme_accounts
from appproxy.store.transaction import Transaction
from tests.pki.chains import chain, leaf

DIRECTORY = "https://ca.example.com/directory"
WIKI = leaf("wiki.example.org")
PAIR = Credential(chain(WIKI), WIKI.key)
PROOF = AcmeChallenge("http-01", "wiki.example.org", "token", "token.print")


def ordered(tx: Transaction, name: str | None = None) -> acme.CertificateOrder:
    """An order of one host, at an authority."""
    if acme.account(tx) is None:
        acme.set_account(tx, DIRECTORY, ["mailto:ann@example.com"])
    return acme.order(tx, name, ["wiki.example.org"], acme.TLS_ALPN_01)


class TestAccount:
    """Our account at the authority."""

    def test_its_keys_are_sealed(self, store: Store, now: float) -> None:
        """Neither stands in the database or in what is printed."""
        with store.transaction(now) as tx:
            assert acme.account(tx) is None
            made = acme.set_account(tx, DIRECTORY, ["mailto:a@b.c", "mailto:d@e.f"], "PEM", "kid", "c2VjcmV0")
            assert acme.account(tx) == made
            row = tx.row(sa.select(acme_accounts))
            assert row is not None and made.key.encode() not in row["key"] and b"c2VjcmV0" not in row["binding_key"]
            assert made.key not in repr(made) and "c2VjcmV0" not in repr(made)

    def test_the_key_stays_with_the_authority(self, store: Store, now: float) -> None:
        """Another mail address is no other account; another authority is, and is registered with again."""
        with store.transaction(now) as tx:
            first = acme.set_account(tx, DIRECTORY, [])
            acme.registered(tx, DIRECTORY, "https://ca.example.com/acct/1")
            acme.registered(tx, "https://other.example.com/", "https://other.example.com/acct/9")
            found = acme.account(tx)
            assert found is not None and found.url == "https://ca.example.com/acct/1"
            again = acme.set_account(tx, DIRECTORY, ["mailto:a@b.c"])
            assert (again.key, again.url) == (first.key, "")
            assert acme.set_account(tx, "https://other.example.com/", []).key != first.key


class TestOrders:
    """What is ordered, by whom and when."""

    def test_one_node_has_it_at_a_time(self, store: Store, now: float) -> None:
        """Claimed, it is nobody else's until it is done or the claim has run out."""
        with store.transaction(now) as tx:
            made = ordered(tx)
            assert acme.is_due(tx, now) and not acme.is_due(tx, now - 1)
            claimed = acme.claim(tx, "one")
            assert claimed is not None and claimed[1] == made and claimed[0].directory == DIRECTORY
            assert acme.claim(tx, "two") is None and not acme.is_due(tx, now)
        with store.transaction(now + acme.OWNED) as tx:
            assert acme.claim(tx, "two") is not None
            # The first one's outcome comes too late.
            assert not acme.issued(tx, made.id, "one", PAIR, now + 5)
            acme.failed(tx, made.id, "one", "no", now + 5)
            assert acme.find_order(tx, made.id).failures == 0 and certificates.list_all(tx) == []

    def test_a_node_that_leaves_lets_go(self, store: Store, now: float) -> None:
        """Of what it had, and of nothing else."""
        with store.transaction(now) as tx:
            first, second = ordered(tx), ordered(tx, "second")
            acme.claim(tx, "one")
            acme.claim(tx, "two")
            acme.release(tx, "one")
            claimed = acme.claim(tx, "three")
            assert claimed is not None and claimed[1].id in (first.id, second.id)
            assert acme.claim(tx, "three") is None

    def test_without_an_authority_nothing_is_claimed(self, store: Store, now: float) -> None:
        """The order waits."""
        with store.transaction(now) as tx:
            acme.order(tx, "wiki", ["wiki.example.org"], acme.HTTP_01)
            assert acme.claim(tx, "one") is None

    def test_issued_and_issued_again(self, store: Store, now: float) -> None:
        """The certificate has the order's id and name, and is replaced by the next one."""
        later = leaf("wiki.example.org")
        with store.transaction(now) as tx:
            made = ordered(tx, "Wiki")
            acme.claim(tx, "one")
            assert acme.issued(tx, made.id, "one", PAIR, now + 60)
            found = certificates.find(tx, made.id)
            assert (found.name, found.source) == ("Wiki", "acme")
            assert not acme.is_due(tx, now + 59) and acme.is_due(tx, now + 60)
        with store.transaction(now + 60) as tx:
            acme.claim(tx, "two")
            assert acme.issued(tx, made.id, "two", Credential(chain(later), later.key), now + 120)
            assert certificates.find(tx, "wiki").certificate == chain(later)

    def test_failures_are_counted_and_forgotten(self, store: Store, now: float) -> None:
        """Until one succeeds; the certificate stays."""
        with store.transaction(now) as tx:
            made = ordered(tx)
            for number in (1, 2):
                acme.hurry(tx, made.id)
                acme.claim(tx, "one")
                acme.failed(tx, made.id, "one", "rateLimited: " + "x" * 5000, now + 900)
                found = acme.find_order(tx, made.id)
                assert found.failures == number and found.problem.startswith("rateLimited") and len(found.problem) == 2000
                assert not acme.is_due(tx, now)
            acme.hurry(tx, made.id)
            acme.claim(tx, "one")
            acme.issued(tx, made.id, "one", PAIR, now + 60)
            assert (acme.find_order(tx, made.id).failures, acme.find_order(tx, made.id).problem) == (0, "")

    def test_names_are_taken_once(self, store: Store, now: float) -> None:
        """Also those of certificates; a removed order is not there any more."""
        with store.transaction(now) as tx:
            certificates.add(tx, "given", PAIR)
            made = ordered(tx)
            assert made.name == "wiki.example.org"
            for name in ("GIVEN", "wiki.example.org", made.id):
                with pytest.raises(AlreadyThere):
                    ordered(tx, name)
            with pytest.raises(ConfigError):
                ordered(tx, "a/b")
            acme.remove_order(tx, made.id)
            assert acme.list_orders(tx) == []
            with pytest.raises(NotFound):
                acme.find_order(tx, made.id)


def test_challenges_are_in_the_snapshot_for_an_hour(store: Store, now: float) -> None:
    """All nodes answer them, until they are taken back, or forgotten if nobody does."""
    with store.transaction(now) as tx:
        acme.put_challenges(tx, [PROOF])
        acme.put_challenges(tx, [PROOF])
    first = store.build_snapshot()
    assert first.challenges == (PROOF,)
    with store.transaction(now + 3600) as tx:
        acme.purge(tx)
        assert acme.challenges(tx) == (PROOF,)
        acme.remove_challenges(tx, [PROOF])
    second = store.build_snapshot(first)
    assert second.challenges == () and second.certificates is first.certificates
    with store.transaction(now) as tx:
        acme.put_challenges(tx, [PROOF])
    with store.transaction(now + 3601) as tx:
        acme.purge(tx)
        assert acme.challenges(tx) == ()
