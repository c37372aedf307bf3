"""Keys that identity providers encrypt ID tokens to: made, sealed, followed by new ones in time."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.identity.openid.encrypted_token import EncryptionKey, outlived
from appproxy.identity.openid.oidc_settings import OidcSettings
from appproxy.pki.issuing.client_certificate import new_client_key
from appproxy.store.tables.core import encryption_keys as table
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
ENCRYPTION_KEY = "encryption key"
_DAY = 86400.0


def by_provider(reading: Reading, provider: str = "") -> dict[str, tuple[EncryptionKey, ...]]:
    """The keys by the ids of their providers, the newest first; of one provider only, if it is named."""
    chosen = sa.select(table).order_by(table.c.created.desc(), table.c.id)
    found: dict[str, tuple[EncryptionKey, ...]] = {}
    for row in reading.rows(chosen.where(table.c.provider == provider) if provider else chosen):
        found[row["provider"]] = (*found.get(row["provider"], ()), _key_of(reading, row))
    return found


def add(tx: Transaction, provider: str, type: str) -> EncryptionKey:
    """Make a new key for a provider (its id), which is published from now on."""
    made = EncryptionKey(tx.new_id(), type, new_client_key(type), tx.now)
    tx.change(sa.insert(table).values(
        id=made.id, type=made.type, provider=provider, key=tx.sealer.seal(ENCRYPTION_KEY, made.id, made.key.encode()),
        created=made.created))
    return made


def keep_up(tx: Transaction, provider: str, settings: OidcSettings) -> None:
    """Make a key where one is needed and there is none, or the newest is old; forget those that open nothing any more."""
    keys = by_provider(tx, provider).get(provider, ())
    own = [one for one in keys if one.type == settings.encryption_key_type]
    old = settings.client_key_days and own and own[0].created + settings.client_key_days * _DAY <= tx.now
    if settings.id_token_encryption and (old or not own):
        add(tx, provider, settings.encryption_key_type)
    if gone := outlived(keys, tx.now):
        tx.change(sa.delete(table).where(table.c.id.in_(gone)))


def _key_of(reading: Reading, row: Row) -> EncryptionKey:
    key = reading.sealer.open(ENCRYPTION_KEY, row["id"], row["key"]).decode()
    return EncryptionKey(row["id"], row["type"], key, row["created"])
