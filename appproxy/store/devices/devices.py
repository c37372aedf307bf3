"""Devices of users of the built-in provider: certificates of the service's own device authority, one by one.

The authority is made by who may change policies. A device waits behind a link, under which its key is made once and
nowhere kept; or it has made its key itself, and brings a request.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from appproxy.errors import ConfigError, IdentityError
from appproxy.identity.sealing import encode
from appproxy.pki import certificate_request, create_authority, fingerprint, load_chain, new_key, not_after
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.issuing.device import issue_device, key_file
from appproxy.pki.issuing.request import public_key_from_request
from appproxy.pki.revocation.crl import certificate_id
from appproxy.store import names
from appproxy.store.devices import authorities
from appproxy.store.devices.authorities import AuthorityRecord
from appproxy.store.people.users import User
from appproxy.store.service import keys
from appproxy.store.snapshot import OWN_AUTHORITY
from appproxy.store.tables.devices import device_revocations
from appproxy.store.tables.devices import devices as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
PASSWORD = "device password"
#: In days: how long a certificate may last; in seconds: how long its link does.
LONGEST_LIFE, LINK_LIFE = 730, 7 * 86400.0
#: Devices of one user.
MOST = 20
_SECRET_SIZE, _PASSWORD_SIZE, _SERIAL_SIZE = 32, 10, 16
#: Ended and revoked ones are listed for so many seconds more.
_KEPT = 90 * 86400.0
_KIND = "device"


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One. Times are seconds since 1970. `user` is its owner's id. `link_until`: until when its key can be fetched, 0.0 when
    that is over; `fingerprint` is "" and `not_after` 0.0 until then. `revoked`: 0.0 for not.
    """

    id: str
    user: str
    name: str
    created: float
    link_until: float
    fingerprint: str
    not_after: float
    revoked: float


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key and its certificate, under the password that the admin was told."""

    device: DeviceRecord
    content: bytes


def has_authority(reading: Reading) -> bool:
    """Are certificates of the service's own authority believed?"""
    return any(one.id == OWN_AUTHORITY for one in authorities.list_all(reading))


def make_authority(tx: Transaction) -> AuthorityRecord:
    """Make it: what it vouches for meets policies that ask for a device. Raises AlreadyThere."""
    if has_authority(tx):
        raise names.AlreadyThere("the service's own device authority is there already")
    made = create_authority("appproxy devices", tx.now, serial=tx.random_bytes(_SERIAL_SIZE))
    keys.add_authority(tx, keys.DEVICE, made, not_after(made.certificate))
    return authorities.add_own(tx, made.certificate)


def add(tx: Transaction, user: User, name: str, days: int) -> tuple[DeviceRecord, str, str]:
    """A device whose key is fetched by a link; gives the link's secret and the file's password, both shown this once.

    Raises ConfigError.
    """
    title = _check(tx, user, name, days)
    _authority(tx)  # raises where there is none
    id_, secret = tx.new_id(), encode(tx.random_bytes(_SECRET_SIZE)).decode("ascii")
    letters = b32encode(tx.random_bytes(_PASSWORD_SIZE)).decode("ascii").lower()
    password = "-".join(letters[at:at + 4] for at in range(0, len(letters), 4))
    _insert(tx, id_, user, title, days, link_hash=_hash(secret), link_until=tx.now + LINK_LIFE,
            password=tx.sealer.seal(PASSWORD, id_, password.encode()))
    return find(tx, id_), secret, password


def issue(tx: Transaction, user: User, name: str, days: int, request: str) -> tuple[DeviceRecord, str]:
    """A device that has a key of its own, by its certificate request (PEM); gives the certificate and the authority's (PEM).

    Raises ConfigError.
    """
    title = _check(tx, user, name, days)
    try:
        key = public_key_from_request(request)
    except IdentityError as error:
        raise ConfigError(f"request: {error.detail}", hint="make one with openssl req -new") from error
    authority, id_ = _authority(tx), tx.new_id()
    _insert(tx, id_, user, title, days, link_hash="", link_until=0.0, password=b"")
    certificate = _certify(tx, find(tx, id_), authority, key, days)
    return find(tx, id_), certificate + authority.certificate


def look(reading: Reading, secret: str, now: float) -> DeviceRecord | None:
    """What a link is for, while it counts."""
    row = reading.row(sa.select(table).where((table.c.link_hash == _hash(secret)) & (table.c.link_until > now)))
    return None if row is None else _record(row)


def take(tx: Transaction, secret: str) -> KeyFile | None:
    """Make the key and the certificate of a link's device, which uses the link up; None where it does not count."""
    row = tx.row(sa.select(table).where((table.c.link_hash == _hash(secret)) & (table.c.link_until > tx.now)))
    if row is None or not has_authority(tx):
        return None
    used = sa.update(table).where((table.c.id == row["id"]) & (table.c.link_hash == row["link_hash"]))
    if tx.change(used.values(link_hash="", link_until=0.0, password=b"")) != 1:
        return None
    password = tx.sealer.open(PASSWORD, row["id"], row["password"]).decode()
    key, authority = new_key(), _authority(tx)
    certificate = _certify(tx, _record(row), authority, public_key_from_request(certificate_request(key)), row["days"])
    return KeyFile(find(tx, row["id"]), key_file(certificate, key, authority.certificate, row["name"], password))


def revoke(tx: Transaction, device: str) -> DeviceRecord:
    """It proves nothing any more, and its link leads nowhere. Raises NotFound."""
    found = find(tx, device)
    row = tx.row(sa.select(table.c.number).where(table.c.id == found.id))
    if row is not None and row["number"] and not found.revoked:
        tx.change(sa.insert(device_revocations).values(id=row["number"], expires=found.not_after))
    tx.change(sa.update(table).where(table.c.id == found.id).values(
        revoked=found.revoked or tx.now, link_hash="", link_until=0.0, password=b""))
    return find(tx, found.id)


def find(reading: Reading, device: str) -> DeviceRecord:
    """By its id. Raises NotFound."""
    row = reading.row(sa.select(table).where(table.c.id == device))
    if row is None:
        raise names.NotFound(f"there is no device {device!r}", hint="appproxy device list has the ids")
    return _record(row)


def list_all(reading: Reading) -> list[DeviceRecord]:
    """All, the oldest first."""
    return [_record(row) for row in reading.rows(sa.select(table).order_by(table.c.created, table.c.id))]


def purge(tx: Transaction) -> None:
    """Forget links and devices that are long over, and revocations that no certificate needs any more."""
    long_ago = tx.now - _KEPT
    tx.change(sa.delete(device_revocations).where(device_revocations.c.expires < tx.now))
    over = (table.c.not_after > 0.0) & (table.c.not_after < long_ago)
    unused = (table.c.not_after == 0.0) & (table.c.created < long_ago)
    tx.change(sa.delete(table).where(over | unused))


def _check(reading: Reading, user: User, name: str, days: int) -> str:
    if not 1 <= days <= LONGEST_LIFE:
        raise ConfigError(f"expires: must be 1 to {LONGEST_LIFE} days, such as 365d")
    there = reading.rows(sa.select(table.c.id).where((table.c.user == user.id) & (table.c.revoked == 0.0)))
    if len(there) >= MOST:
        raise ConfigError(f"{user.name} has {MOST} devices already", hint="revoke one")
    return names.title(name, "name")


def _insert(tx: Transaction, id_: str, user: User, name: str, days: int, **values: object) -> None:
    tx.change(sa.insert(table).values(
        id=id_, user=user.id, name=name, days=days, created=tx.now, fingerprint="", number="", not_after=0.0, revoked=0.0,
        **values))


def _authority(tx: Transaction) -> Credential:
    """The authority that issues. Raises ConfigError where there is none, or it was removed."""
    if not has_authority(tx):
        raise ConfigError("the service has no device authority of its own: certificates that it issues would prove nothing",
                          hint="somebody who may change policies (policies.change) adds it first: "
                               "appproxy device authority add --builtin")
    return keys.authority(tx, keys.DEVICE)


def _certify(tx: Transaction, device: DeviceRecord, authority: Credential, key: str, days: int) -> str:
    certificate = issue_device(
        authority, key, device.user, device.name, tx.now, days, tx.random_bytes(_SERIAL_SIZE))
    [leaf], [issuer] = load_chain(certificate), load_chain(authority.certificate)
    tx.change(sa.update(table).where(table.c.id == device.id).values(
        fingerprint=fingerprint(certificate), number=certificate_id(leaf, issuer), not_after=not_after(certificate)))
    return certificate


def _record(row: Row) -> DeviceRecord:
    return DeviceRecord(
        row["id"], row["user"], row["name"], row["created"], row["link_until"], row["fingerprint"], row["not_after"],
        row["revoked"])


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
