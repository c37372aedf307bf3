"""Orders of certificates by ACME: the account at the authority, what is ordered and when, and open challenges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from appproxy.pki import Credential
from appproxy.pki.issuing.request import new_key
from appproxy.store import names
from appproxy.store.certificates import certificates
from appproxy.store.names import NotFound
from appproxy.store.snapshot import AcmeChallenge
from appproxy.store.tables.certificates import acme_accounts, acme_challenges, certificate_orders
from appproxy.store.tables.certificates import certificates as certificate_table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purposes of sealing (associated data: never change them).
ACCOUNT_KEY = "acme account key"
BINDING_KEY = "acme binding key"
HTTP_01, TLS_ALPN_01 = "http-01", "tls-alpn-01"
_ACCOUNT = "account"
_WHAT = "certificate"
_LONGEST_NAME = 64
_LONGEST_PROBLEM = 2000
#: How long one node has an order to itself, in seconds: longer than any attempt takes.
OWNED = 900.0
#: How long a challenge is answered, in seconds.
_CHALLENGE_LIFE = 3600.0


@dataclass(frozen=True, slots=True)
class AcmeAccount:
    """Our account at an authority. `url` is empty until it is registered; `authority` (PEM) is what its HTTPS is checked
    by, empty for this machine's own. `binding_id` and `binding_key` bind it to a customer's account (RFC 8555 section
    7.3.4); the key is base64url text, empty where none is needed.
    """

    directory: str
    contacts: tuple[str, ...]
    authority: str = field(repr=False)
    key: str = field(repr=False)
    binding_id: str
    binding_key: str = field(repr=False)
    url: str


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """A certificate that is to be had from the authority, now and again. It gets the order's id and name.

    `due` is the time of the next attempt; `failures` counts those in a row, `problem` is the last one's.
    """

    id: str
    name: str
    hosts: tuple[str, ...]
    challenge: str
    due: float
    failures: int
    problem: str
    created: float


def set_account(
    tx: Transaction, directory: str, contacts: Sequence[str], authority: str = "", binding_id: str = "", binding_key: str = ""
) -> AcmeAccount:
    """Use this authority from now on. The key of an account there is kept; it is registered at the next order."""
    before = account(tx)
    key = before.key if before is not None and before.directory == directory else new_key()
    made = AcmeAccount(directory, tuple(contacts), authority, key, binding_id, binding_key, "")
    tx.change(sa.delete(acme_accounts))
    tx.change(
        sa.insert(acme_accounts).values(
            id=_ACCOUNT, directory=directory, contacts=" ".join(contacts), authority=authority,
            key=tx.sealer.seal(ACCOUNT_KEY, _ACCOUNT, key.encode()), binding_id=binding_id,
            binding_key=tx.sealer.seal(BINDING_KEY, _ACCOUNT, binding_key.encode()), url="",
        )
    )  # fmt: skip
    return made


def account(reading: Reading) -> AcmeAccount | None:
    """The account, if an authority was chosen."""
    row = reading.row(sa.select(acme_accounts))
    if row is None:
        return None
    return AcmeAccount(
        row["directory"], tuple(row["contacts"].split()), row["authority"],
        reading.sealer.open(ACCOUNT_KEY, row["id"], row["key"]).decode(), row["binding_id"],
        reading.sealer.open(BINDING_KEY, row["id"], row["binding_key"]).decode(), row["url"],
    )  # fmt: skip


def registered(tx: Transaction, directory: str, url: str) -> None:
    """The authority at `directory` knows our account by this URL."""
    tx.change(sa.update(acme_accounts).where(acme_accounts.c.directory == directory).values(url=url))


def order(tx: Transaction, name: str | None, hosts: Sequence[str], challenge: str) -> CertificateOrder:
    """Order a certificate for these hosts under `name`, else the first host. Raises ConfigError or AlreadyThere."""
    title = names.title(hosts[0][:_LONGEST_NAME] if name is None else name, _WHAT)
    for table in (certificate_table, certificate_orders):
        names.check_new(tx, table, table.c.name_key == names.key(title), title, _WHAT)
    id_ = tx.new_id()
    tx.change(
        sa.insert(certificate_orders).values(
            id=id_, name=title, name_key=names.key(title), hosts=" ".join(hosts), challenge=challenge, due=tx.now,
            failures=0, problem="", owner="", owned_until=0.0, created=tx.now,
        )
    )  # fmt: skip
    return find_order(tx, id_)


def find_order(reading: Reading, name: str) -> CertificateOrder:
    """By its name or id. Raises NotFound."""
    table = certificate_orders
    return _order(names.find_row(reading, table, table.c.name_key == names.key(name), name, _WHAT))


def list_orders(reading: Reading) -> list[CertificateOrder]:
    """All, by name."""
    return [_order(row) for row in reading.rows(sa.select(certificate_orders).order_by(certificate_orders.c.name_key))]


def hurry(tx: Transaction, id_: str) -> None:
    """Try at once, whatever is planned."""
    tx.change(sa.update(certificate_orders).where(certificate_orders.c.id == id_).values(due=tx.now))


def remove_order(tx: Transaction, id_: str) -> None:
    """Order it no more; a certificate that was issued stays."""
    tx.change(sa.delete(certificate_orders).where(certificate_orders.c.id == id_))


def is_due(reading: Reading, now: float) -> bool:
    """Does an order wait for a node?"""
    return reading.row(sa.select(certificate_orders.c.id).where(_free(now)).limit(1)) is not None


def claim(tx: Transaction, owner: str) -> tuple[AcmeAccount, CertificateOrder] | None:
    """Take the order that has waited longest, for this node alone and for `OWNED` seconds; None when none is due."""
    found = account(tx)
    if found is None:
        return None
    table = certificate_orders
    for row in tx.rows(sa.select(table).where(_free(tx.now)).order_by(table.c.due)):
        mine = sa.update(table).where(table.c.id == row["id"], _free(tx.now))
        if tx.change(mine.values(owner=owner, owned_until=tx.now + OWNED)) == 1:
            return found, _order(row)
    return None


def issued(tx: Transaction, id_: str, owner: str, credential: Credential, due: float) -> bool:
    """Serve what the authority has issued, and order again at `due`. False: the order is no longer ours, nothing is done."""
    table = certificate_orders
    mine = sa.update(table).where(table.c.id == id_, table.c.owner == owner)
    if tx.change(mine.values(due=due, failures=0, problem="", owner="", owned_until=0.0)) != 1:
        return False
    try:
        certificates.replace(tx, id_, credential)
    except NotFound:
        certificates.add(tx, find_order(tx, id_).name, credential, source=certificates.ACME, id_=id_)
    return True


def failed(tx: Transaction, id_: str, owner: str, problem: str, due: float) -> None:
    """Note what went wrong, and try again at `due`; a certificate that is there stays."""
    table = certificate_orders
    values = {"due": due, "failures": table.c.failures + 1, "problem": problem[:_LONGEST_PROBLEM]}
    mine = sa.update(table).where(table.c.id == id_, table.c.owner == owner)
    tx.change(mine.values(values | {"owner": "", "owned_until": 0.0}))


def release(tx: Transaction, owner: str) -> None:
    """What this node had in hand is free for others."""
    table = certificate_orders
    tx.change(sa.update(table).where(table.c.owner == owner).values(owner="", owned_until=0.0))


def put_challenges(tx: Transaction, challenges: Sequence[AcmeChallenge]) -> None:
    """Let all nodes answer these."""
    remove_challenges(tx, challenges)
    for one in challenges:
        tx.change(
            sa.insert(acme_challenges).values(
                token=one.token, kind=one.kind, host=one.host, answer=one.answer, expires=tx.now + _CHALLENGE_LIFE
            )
        )


def remove_challenges(tx: Transaction, challenges: Sequence[AcmeChallenge]) -> None:
    """Answer these no more."""
    tokens = [one.token for one in challenges]
    tx.change(sa.delete(acme_challenges).where(acme_challenges.c.token.in_(tokens)))


def challenges(reading: Reading) -> tuple[AcmeChallenge, ...]:
    """All that are to be answered, for the snapshot."""
    return tuple(
        AcmeChallenge(row["kind"], row["host"], row["token"], row["answer"])
        for row in reading.rows(sa.select(acme_challenges).order_by(acme_challenges.c.token))
    )


def purge(tx: Transaction) -> None:
    """Forget challenges that nobody has taken back."""
    tx.change(sa.delete(acme_challenges).where(acme_challenges.c.expires < tx.now))


def _free(now: float) -> sa.ColumnElement[bool]:
    return sa.and_(certificate_orders.c.due <= now, certificate_orders.c.owned_until <= now)


def _order(row: Row) -> CertificateOrder:
    return CertificateOrder(
        row["id"], row["name"], tuple(row["hosts"].split()), row["challenge"], row["due"], row["failures"], row["problem"],
        row["created"],
    )  # fmt: skip
