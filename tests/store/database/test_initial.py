"""What a new database begins with."""

from __future__ import annotations

import pytest
from cryptography import x509

from appproxy.errors import ConfigError, StoreError
from appproxy.pki.names import check_first_contact, fingerprint
from appproxy.pki.pem import load_chain
from appproxy.store.database.initial import LEAF_RENEW_DAYS, initialise, renew_leaves
from appproxy.store.database.store import Store
from appproxy.store.service import keys
from appproxy.store.service import settings as service_settings

DAY = 86400.0


def names_of(pem: str) -> list[str]:
    """The DNS names of a certificate."""
    names = load_chain(pem)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(names.get_values_for_type(x509.DNSName))


def test_everything_is_there(empty_store: Store, now: float) -> None:
    """Group, provider, keys, and both certificates, each issued by an authority of its own."""
    with empty_store.transaction(now) as tx:
        made = initialise(tx, "Example.com.", "https://signin.example.com:8443")
        tunnel, user = keys.server_leaf(tx, keys.CONNECTOR), keys.server_leaf(tx, keys.USER)
        assert tunnel is not None and user is not None
        assert names_of(tunnel.certificate) == ["connect.example.com"]
        assert names_of(user.certificate) == ["example.com", "*.example.com"]
        assert made.connector_anchor == keys.authority(tx).certificate
        assert made.user_anchor != made.connector_anchor
        assert len(keys.read_signing_keys(tx)) == 1
        assert service_settings.place(tx).origin("apps") == "https://apps.example.com:8443"
    chain = tunnel.certificate.split("-----BEGIN")[1:]
    shown = ["-----BEGIN" + one for one in chain]
    assert check_first_contact(shown, fingerprint(made.connector_anchor), "connect.example.com", now)
    snapshot = empty_store.build_snapshot()
    assert snapshot.providers["builtin"].issuer == "https://signin.example.com:8443"
    assert snapshot.connector_groups == {"default": "default"}
    assert snapshot.settings["instance"] == made.instance
    assert [key.id for key in snapshot.keys] == [1]
    assert snapshot.trust_bundle == (made.connector_anchor,)


def test_the_users_authority_can_vouch_for_nothing_else(store: Store) -> None:
    """Who imports it in a browser trusts it with this domain alone."""
    with store.reading() as reading:
        authority = keys.user_authority(reading)
    assert authority is not None
    limits = load_chain(authority.certificate)[0].extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical and limits.value.permitted_subtrees == [x509.DNSName("example.com")]


def test_with_an_own_certificate_there_is_no_users_authority(empty_store: Store, now: float) -> None:
    """Nothing is made that nobody needs."""
    with empty_store.transaction(now) as tx:
        made = initialise(tx, "example.com", "https://signin.example.com", own_certificate=True)
        assert made.user_anchor is None
        assert keys.user_authority(tx) is None and keys.server_leaf(tx, keys.USER) is None


def test_a_database_is_filled_once(store: Store, now: float) -> None:
    """A second init would leave every connector outside."""
    with pytest.raises(StoreError, match="not empty"), store.transaction(now) as tx:
        initialise(tx, "example.com", "https://signin.example.com")


@pytest.mark.parametrize("domain", ["", "com", "a b.com", "-a.com", "a..com", "1" * 300 + ".com", "https://a.com", "*.a.com"])
def test_a_domain_is_a_host_name(empty_store: Store, now: float, domain: str) -> None:
    """With a dot, because browsers give cookies only to such."""
    with pytest.raises(ConfigError, match="^domain: "), empty_store.transaction(now) as tx:
        initialise(tx, domain, "https://signin.example.com")


def test_certificates_are_renewed_in_time(store: Store, now: float) -> None:
    """60 days before their end, and not twice."""
    with store.transaction(now + (365 - LEAF_RENEW_DAYS) * DAY - 1) as tx:
        assert renew_leaves(tx) == []
    with store.transaction(now + (365 - LEAF_RENEW_DAYS) * DAY + 1) as tx:
        before = keys.server_leaf(tx, keys.USER)
        assert renew_leaves(tx) == [keys.CONNECTOR, keys.USER]
        assert renew_leaves(tx) == []
        after = keys.server_leaf(tx, keys.USER)
        assert before is not None and after is not None and before.key != after.key
        assert names_of(after.certificate) == ["example.com", "*.example.com"]
