"""Devices of users, with certificates of the service's own authority."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.pki import certificate_request, fingerprint, new_key
from appproxy.pki.client_path import ClientAuthority, ClientCertificate, check_client_certificate, load_authority
from appproxy.pki.issuing.device import owner_of
from appproxy.pki.revocation.crl import Revocations
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities, devices
from appproxy.store.people import users
from appproxy.store.people.users import User
from appproxy.store.snapshot import OWN_AUTHORITY
from appproxy.store.tables import devices as schema_devices
from appproxy.store.transaction import Reading, Transaction

DAY = 86400.0
ASK = certificate_request(new_key())


def user(tx: Transaction, name: str = "ann") -> User:
    """Of the built-in provider, where devices have an authority."""
    devices.make_authority(tx)
    return users.add(tx, name, "hash")


def believed(reading: Reading, certificate: x509.Certificate, now: float) -> ClientCertificate:
    """What the service believes of it."""
    own = authorities.find(reading, OWN_AUTHORITY).authority
    known = ClientAuthority(load_authority(own.certificates[0], now), Revocations(own.lists, own.revoked))
    return check_client_certificate([certificate.public_bytes(Encoding.DER)], {OWN_AUTHORITY: known}, now)


def test_a_key_by_a_link(store: Store, now: float) -> None:
    """Made when it is fetched, once, under the password; the certificate is the user's; the database has neither."""
    with store.transaction(now) as tx:
        ann = user(tx)
        made, secret, password = devices.add(tx, ann, "Ann's laptop", 30)
        row = tx.row(sa.select(schema_devices.devices))
        assert row is not None and secret not in str(dict(row)) and password not in str(dict(row))
        assert devices.look(tx, secret, now) == made and devices.look(tx, "other", now) is None
        taken = devices.take(tx, secret)
        assert taken is not None
        key, certificate, above = pkcs12.load_key_and_certificates(taken.content, password.encode())
        assert key is not None and certificate is not None and len(above) == 1
        with pytest.raises(ValueError):
            pkcs12.load_key_and_certificates(taken.content, b"other")
        assert devices.take(tx, secret) is None and devices.look(tx, secret, now) is None
        found = believed(tx, certificate, now)
        assert (found.subject, owner_of(found.uris)) == ((("CN", "Ann's laptop"),), ann.id)
        assert taken.device.fingerprint == found.fingerprint
        assert taken.device.not_after == pytest.approx(now + 30 * DAY, abs=1.0)


def test_a_link_ends(store: Store, now: float) -> None:
    """After a week, and when the device is revoked before."""
    with store.transaction(now) as tx:
        ann = user(tx)
        _, secret, _ = devices.add(tx, ann, "one", 30)
        other, gone, _ = devices.add(tx, ann, "two", 30)
        devices.revoke(tx, other.id)
        assert devices.look(tx, gone, now) is None and devices.take(tx, gone) is None
        row = tx.row(sa.select(schema_devices.devices).where(schema_devices.devices.c.id == other.id))
        assert row is not None and (row["link_hash"], row["password"]) == ("", b"")
    with store.transaction(now + devices.LINK_LIFE + 1.0) as tx:
        assert devices.take(tx, secret) is None


def test_a_request(store: Store, now: float) -> None:
    """Whatever names it asks for: the certificate has the device's name, and its owner."""
    with store.transaction(now) as tx:
        ann = user(tx)
        made, text = devices.issue(tx, ann, "tablet", 30, ASK)
        leaf, above = x509.load_pem_x509_certificates(text.encode())
        assert believed(tx, leaf, now).fingerprint == made.fingerprint == fingerprint(text)
        assert load_authority(authorities.find(tx, "builtin").authority.certificates[0], now) == (above,)
        with pytest.raises(ConfigError, match="^request: "):
            devices.issue(tx, ann, "tablet", 30, "nothing")


def test_a_revocation_counts_at_once(store: Store, now: float) -> None:
    """For policies and for the next proof; until the certificate would have ended."""
    with store.transaction(now) as tx:
        ann = user(tx)
        made, text = devices.issue(tx, ann, "tablet", 30, ASK)
        other, kept = devices.issue(tx, ann, "phone", 30, ASK)
        leaf = x509.load_pem_x509_certificate(text.encode())
        path = believed(tx, leaf, now).path
        assert devices.revoke(tx, made.id).revoked == devices.revoke(tx, made.id).revoked == now
        assert authorities.trusted(tx).authorities["builtin"].revoked == frozenset(path)
        with pytest.raises(Exception, match="is revoked"):
            believed(tx, leaf, now)
        assert believed(tx, x509.load_pem_x509_certificate(kept.encode()), now)
    with store.transaction(now + 31 * DAY) as tx:
        devices.purge(tx)
        assert authorities.trusted(tx).authorities["builtin"].revoked == frozenset()
        assert {one.id for one in devices.list_all(tx)} == {made.id, other.id}
    with store.transaction(now + 130 * DAY) as tx:
        devices.purge(tx)
        assert devices.list_all(tx) == []


def test_the_authority_is_made_by_itself_for_nobody(store: Store, now: float) -> None:
    """It is made once; and another one after it was removed, which does not vouch for the devices of before. No device and no
    link brings it back.
    """
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash")
        with pytest.raises(ConfigError, match="no device authority of its own"):
            devices.issue(tx, ann, "one", 30, ASK)
        with pytest.raises(ConfigError, match="no device authority of its own"):
            devices.add(tx, ann, "one", 30)
        assert authorities.list_all(tx) == []
        devices.make_authority(tx)
        _, link, _ = devices.add(tx, ann, "late", 30)
        _, text = devices.issue(tx, ann, "one", 30, ASK)
        first = authorities.find(tx, "builtin").authority
        with pytest.raises(AlreadyThere):
            devices.make_authority(tx)
        assert authorities.find(tx, "builtin").authority == first
        with pytest.raises(ConfigError, match="^crl: the service knows itself"):
            authorities.set_lists(tx, "builtin", "")
        with pytest.raises(ConfigError, match="meaning of its own"):
            authorities.add(tx, "builtin", first.certificates[0])
        authorities.remove(tx, "builtin")
    with store.transaction(now + 1.0) as tx:
        assert devices.take(tx, link) is None and authorities.list_all(tx) == []
        devices.make_authority(tx)
        devices.issue(tx, ann, "three", 30, ASK)
        assert authorities.find(tx, "builtin").authority != first
        with pytest.raises(Exception, match="no authority that was named vouches"):
            believed(tx, x509.load_pem_x509_certificate(text.encode()), now + 1.0)


def test_what_is_refused(store: Store, now: float) -> None:
    """Too long a life, no name, too many of one user, and a device that is not there."""
    with store.transaction(now) as tx:
        ann = user(tx)
        for days in (0, 731):
            with pytest.raises(ConfigError, match="^expires: "):
                devices.add(tx, ann, "x", days)
        with pytest.raises(ConfigError):
            devices.add(tx, ann, " ", 30)
        for number in range(devices.MOST):
            devices.add(tx, ann, f"d{number}", 30)
        with pytest.raises(ConfigError, match="ann has 20 devices already"):
            devices.add(tx, ann, "one more", 30)
        devices.revoke(tx, devices.list_all(tx)[0].id)
        assert devices.add(tx, ann, "one more", 30)
        with pytest.raises(NotFound, match="there is no device 'x'"):
            devices.revoke(tx, "x")


def test_a_user_who_is_gone_has_no_devices(store: Store, now: float) -> None:
    """And nobody has that id again, for which alone the certificates count."""
    with store.transaction(now) as tx:
        ann = user(tx)
        devices.issue(tx, ann, "one", 30, ASK)
        users.remove(tx, "ann")
        assert devices.list_all(tx) == []
