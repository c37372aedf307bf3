"""Put all secrets under a new master key, in one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.certificates import acme, certificates
from appproxy.store.people import providers
from appproxy.store.schema import acme_accounts, authorities, leaves, master_check, sealing_keys, signing_keys
from appproxy.store.schema import certificates as certificate_table
from appproxy.store.schema import providers as provider_table
from appproxy.store.sealing import Sealer
from appproxy.store.service import keys
from appproxy.store.transaction import Transaction

CHECK = "check"

#: Every sealed column: its table, which has an `id`, and the purpose of its seal. A test finds what is missing.
SEALED: tuple[tuple[sa.Table, str, str], ...] = (
    (master_check, "sealed", CHECK),
    (provider_table, "client_secret", providers.CLIENT_SECRET),
    (authorities, "key", keys.AUTHORITY_KEY),
    (leaves, "key", keys.LEAF_KEY),
    (sealing_keys, "secret", keys.SEALING_KEY),
    (signing_keys, "key", keys.SIGNING_KEY),
    (certificate_table, "key", certificates.CERTIFICATE_KEY),
    (acme_accounts, "key", acme.ACCOUNT_KEY),
    (acme_accounts, "binding_key", acme.BINDING_KEY),
)


def reseal_all(tx: Transaction, new_sealer: Sealer) -> int:
    """Seal every secret again under `new_sealer`; gives their number. After the commit only the new master opens.

    Raises StoreError when one cannot be opened; nothing is changed then.
    """
    count = 0
    for table, column, purpose in SEALED:
        for row in tx.rows(sa.select(table.c.id, table.c[column])):
            plain = tx.sealer.open(purpose, str(row["id"]), row[column])
            value = {column: new_sealer.seal(purpose, str(row["id"]), plain)}
            tx.change(sa.update(table).where(table.c.id == row["id"]).values(value))
            count += 1
    return count
