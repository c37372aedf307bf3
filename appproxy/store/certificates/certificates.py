"""Certificates of the users' listener beside its default one: given by an admin, or issued to us by ACME."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from appproxy.pki.issuing.authority import Credential
from appproxy.pki.server_certificate import certificate_facts
from appproxy.store import names
from appproxy.store.snapshot import ServedCertificate
from appproxy.store.tables.certificates import certificates
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
CERTIFICATE_KEY = "certificate key"
#: Where a certificate comes from.
GIVEN, ACME = "given", "acme"
_WHAT = "certificate"
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """One certificate, without its key. Times are seconds since 1970; `changed` is when it was last replaced."""

    id: str
    name: str
    source: str
    names: tuple[str, ...]
    certificate: str = field(repr=False)
    not_before: float
    not_after: float
    created: float
    changed: float


def add(
    tx: Transaction, name: str | None, credential: Credential, *, source: str = GIVEN, id_: str | None = None
) -> StoredCertificate:
    """Keep a certificate that was checked (`check_server_certificate`) under `name`, else under its first DNS name.

    Raises ConfigError (no name) or AlreadyThere.
    """
    facts = certificate_facts(credential.certificate)
    title = names.title(facts.names[0][:_LONGEST_NAME] if name is None else name, _WHAT)
    table = certificates
    names.check_new(tx, table, table.c.name_key == names.key(title), title, _WHAT)
    id_ = id_ or tx.new_id()
    values = {"id": id_, "name": title, "name_key": names.key(title), "source": source, "created": tx.now}
    tx.change(sa.insert(table).values(values | _changed(tx, id_, credential)))
    return find(tx, id_)


def replace(tx: Transaction, name: str, credential: Credential) -> StoredCertificate:
    """Put a checked certificate in the place of the one that is there. Raises NotFound."""
    found = find(tx, name)
    tx.change(sa.update(certificates).where(certificates.c.id == found.id).values(_changed(tx, found.id, credential)))
    return find(tx, found.id)


def remove(tx: Transaction, name: str) -> StoredCertificate:
    """Serve it no longer. Raises NotFound."""
    found = find(tx, name)
    tx.change(sa.delete(certificates).where(certificates.c.id == found.id))
    return found


def find(reading: Reading, name: str) -> StoredCertificate:
    """By its name or id. Raises NotFound."""
    return _stored(names.find_row(reading, certificates, certificates.c.name_key == names.key(name), name, _WHAT))


def list_all(reading: Reading) -> list[StoredCertificate]:
    """All, by name."""
    return [_stored(row) for row in reading.rows(sa.select(certificates).order_by(certificates.c.name_key))]


def served(reading: Reading) -> tuple[ServedCertificate, ...]:
    """All with their keys, for the snapshot."""
    return tuple(
        ServedCertificate(
            row["id"], row["name"], row["source"], tuple(row["names"].split()),
            Credential(row["certificate"], reading.sealer.open(CERTIFICATE_KEY, row["id"], row["key"]).decode()),
            row["not_before"], row["not_after"],
        )
        for row in reading.rows(sa.select(certificates).order_by(certificates.c.id))
    )  # fmt: skip


def _changed(tx: Transaction, id_: str, credential: Credential) -> dict[str, object]:
    facts = certificate_facts(credential.certificate)
    return {
        "names": " ".join(facts.names),
        "certificate": credential.certificate,
        "key": tx.sealer.seal(CERTIFICATE_KEY, id_, credential.key.encode()),
        "not_before": facts.not_before,
        "not_after": facts.not_after,
        "changed": tx.now,
    }


def _stored(row: Row) -> StoredCertificate:
    return StoredCertificate(
        row["id"], row["name"], row["source"], tuple(row["names"].split()), row["certificate"], row["not_before"],
        row["not_after"], row["created"], row["changed"],
    )  # fmt: skip
