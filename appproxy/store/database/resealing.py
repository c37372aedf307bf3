"""Put all secrets under a new master key, in one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.certificates import acme, certificates
from appproxy.store.devices import devices
from appproxy.store.people import client_keys, directories, encryption_keys, kept_forms, providers
from appproxy.store.people.factors import authenticator_apps
from appproxy.store.people.session import rows as session_rows
from appproxy.store.roles import idempotency
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit_chain, audit_exports, keys
from appproxy.store.tables.certificates import acme_accounts
from appproxy.store.tables.certificates import certificates as certificate_table
from appproxy.store.tables.core import audit_chains, authorities, leaves, master_check, sealing_keys, signing_keys
from appproxy.store.tables.core import client_keys as client_key_table
from appproxy.store.tables.core import encryption_keys as encryption_key_table
from appproxy.store.tables.core import kept_forms as kept_form_table
from appproxy.store.tables.core import providers as provider_table
from appproxy.store.tables.core import sessions as session_table
from appproxy.store.tables.devices import devices as device_table
from appproxy.store.tables.directories import directories as directory_table
from appproxy.store.tables.exports import audit_exports as export_table
from appproxy.store.tables.factors import authenticator_apps as app_table
from appproxy.store.tables.roles import idempotent_answers
from appproxy.store.transaction import Transaction

CHECK = "check"

#: Every sealed column: its table, which has an `id`, and the purpose of its seal. A test finds what is missing.
SEALED: tuple[tuple[sa.Table, str, str], ...] = (
    (master_check, "sealed", CHECK),
    (provider_table, "client_secret", providers.CLIENT_SECRET),
    (client_key_table, "key", client_keys.CLIENT_KEY),
    (encryption_key_table, "key", encryption_keys.ENCRYPTION_KEY),
    (directory_table, "bind_password", directories.BIND_PASSWORD),
    (authorities, "key", keys.AUTHORITY_KEY),
    (leaves, "key", keys.LEAF_KEY),
    (sealing_keys, "secret", keys.SEALING_KEY),
    (signing_keys, "key", keys.SIGNING_KEY),
    (certificate_table, "key", certificates.CERTIFICATE_KEY),
    (app_table, "secret", authenticator_apps.SECRET),
    (acme_accounts, "key", acme.ACCOUNT_KEY),
    (acme_accounts, "binding_key", acme.BINDING_KEY),
    (session_table, "id_token", session_rows.ID_TOKEN),
    (session_table, "refresh_token", session_rows.REFRESH_TOKEN),
    (session_table, "claims", session_rows.CLAIMS),
    (kept_form_table, "form", kept_forms.KEPT_FORM),
    (device_table, "password", devices.PASSWORD),
    (audit_chains, "key", audit_chain.CHAIN_KEY),
    (export_table, "key", audit_exports.EXPORT_KEY),
    (export_table, "secret", audit_exports.EXPORT_SECRET),
    (idempotent_answers, "answer", idempotency.IDEMPOTENT_ANSWER),
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
    # What this transaction seals and opens from now on.
    tx.sealer = new_sealer
    return count
