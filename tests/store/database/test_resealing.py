"""A new master key, and no secret in the clear."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from appproxy.errors import StoreError
from appproxy.pki.issuing.request import new_key
from appproxy.store.connectors import connectors
from appproxy.store.database.initial import initialise
from appproxy.store.database.resealing import SEALED, reseal_all
from appproxy.store.database.store import Store
from appproxy.store.people import providers
from appproxy.store.sealing import Sealer
from appproxy.store.service import keys
from appproxy.store.tables.core import metadata
from appproxy.store.tables.core import providers as provider_table

#: Bytes that are no secret, and are stored as they are.
IN_CLEAR = {("logo_pictures", "picture")}


def test_every_sealed_column_is_listed() -> None:
    """A secret that is added to the schema is re-sealed too."""
    binary = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary)
    }
    assert binary - IN_CLEAR == {(table.name, column) for table, column, _ in SEALED} and binary >= IN_CLEAR


def test_all_secrets_open_under_the_new_master_alone(store: Store, database_url: str, sealer: Sealer, now: float) -> None:
    """The old one opens nothing any more, and nothing was lost."""
    new = Sealer(bytes(32), "new master")
    before = store.build_snapshot()
    with store.reading() as reading:
        authority, signing, leaf = keys.authority(reading), keys.read_signing_keys(reading), keys.server_leaf(reading)
    with store.transaction(now) as tx:
        assert reseal_all(tx, new) >= 8
    with pytest.raises(StoreError, match="test master is not the master key"):
        Store.open(database_url, sealer)
    opened = Store.open(database_url, new)
    after = opened.build_snapshot()
    assert (after.keys, after.providers) == (before.keys, before.providers)
    with opened.reading() as reading:
        assert keys.authority(reading) == authority
        assert keys.read_signing_keys(reading) == signing
        assert keys.server_leaf(reading) == leaf
    opened.close()


def test_it_happens_whole_or_not_at_all(store: Store, database_url: str, sealer: Sealer, now: float) -> None:
    """One secret that cannot be opened leaves all under the old master."""
    with store.transaction(now) as tx:
        tx.change(sa.update(provider_table).values(client_secret=b"damaged"))
    with pytest.raises(StoreError, match="client secret builtin"), store.transaction(now) as tx:
        reseal_all(tx, Sealer(bytes(32), "new master"))
    Store.open(database_url, sealer).close()


def test_no_secret_is_in_the_files(tmp_path: Path, sealer: Sealer, now: float) -> None:
    """Neither the database nor its journal holds a key, a client's secret or a token's secret, in any writing."""
    store = Store.create(f"sqlite:///{tmp_path}/appproxy.db", sealer)
    with store.transaction(now) as tx:
        initialise(tx, "example.com", "https://signin.example.com")
        providers.add(tx, "corp", "https://idp.example.org", "id", "canary-of-a-client-secret")
        _, token = connectors.new_token(tx, "default", 1, now + 60)
        pem = new_key()
        keys.add_signing_key(tx, pem)
        secrets = [b"canary-of-a-client-secret", token, token.hex().encode()]
        secrets += [key.secret for key in keys.read_sealing_keys(tx)]
        credentials = [keys.authority(tx), keys.user_authority(tx), keys.server_leaf(tx), keys.server_leaf(tx, "user")]
        # Two lines of a key hold its secret number; the third is its public point, which the certificate shows.
        pems = [one.key for one in credentials if one] + [pem]
        secrets += [line.encode() for one in pems for line in one.splitlines()[1:3]]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"signin.example.com" in files
    assert len(secrets) == 4 + 10
    assert [secret for secret in secrets if secret in files] == []
    assert b"PRIVATE KEY" not in files
    store.close()
