"""Keys by which we prove to identity providers that we are their client: made, sealed, followed by new ones in time."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.identity.openid.client_keys import ClientKey, superseded
from appproxy.identity.openid.oidc_settings import OidcSettings
from appproxy.pki.issuing.client_certificate import check_client_credential, new_client_credential
from appproxy.store.tables.core import client_keys as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
CLIENT_KEY = "client key"
_DAY = 86400.0


def by_provider(reading: Reading, provider: str = "") -> dict[str, tuple[ClientKey, ...]]:
    """The keys by the ids of their providers, the newest first; of one provider only, if it is named."""
    chosen = sa.select(table).order_by(table.c.created.desc(), table.c.id)
    found: dict[str, tuple[ClientKey, ...]] = {}
    for row in reading.rows(chosen.where(table.c.provider == provider) if provider else chosen):
        found[row["provider"]] = (*found.get(row["provider"], ()), _key_of(reading, row))
    return found


def add(tx: Transaction, provider: str, client_id: str, type: str) -> ClientKey:
    """Make a new key for a provider (its id). It signs once it was published for a day, or at once if it is the first."""
    made = new_client_credential(type, client_id, tx.now, tx.random_bytes(16))
    return _keep(tx, provider, ClientKey(tx.new_id(), type, made.key, made.certificate, tx.now))


def give(tx: Transaction, provider: str, certificate: str, key: str) -> ClientKey:
    """Keep the chain and key that an authority has made for us, in place of those before. Raises ConfigError."""
    type = check_client_credential(certificate, key)
    tx.change(sa.delete(table).where((table.c.provider == provider) & table.c.given))
    return _keep(tx, provider, ClientKey(tx.new_id(), type, key, certificate, tx.now, given=True))


def keep_up(tx: Transaction, provider: str, client_id: str, settings: OidcSettings) -> None:
    """Make a key where one is needed and there is none, or the newest is old; forget those that nobody needs."""
    keys = by_provider(tx, provider).get(provider, ())
    own = [one for one in keys if one.type == settings.key_type and not one.given]
    old = settings.client_key_days and own and own[0].created + settings.client_key_days * _DAY <= tx.now
    if settings.needs_key and (old or not own):
        add(tx, provider, client_id, settings.key_type)
    if gone := superseded(keys, tx.now):
        tx.change(sa.delete(table).where(table.c.id.in_(gone)))


def _keep(tx: Transaction, provider: str, made: ClientKey) -> ClientKey:
    tx.change(sa.insert(table).values(
        id=made.id, type=made.type, provider=provider, key=tx.sealer.seal(CLIENT_KEY, made.id, made.key.encode()),
        certificate=made.certificate, created=made.created, given=made.given))
    return made


def _key_of(reading: Reading, row: Row) -> ClientKey:
    key = reading.sealer.open(CLIENT_KEY, row["id"], row["key"]).decode()
    return ClientKey(row["id"], row["type"], key, row["certificate"], row["created"], row["given"])
