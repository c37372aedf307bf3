"""The table of where the audit is exported to; the rest is in `schema`. No snapshot is made of it: each batch changes it."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, metadata

#: `position` is the number of the last entry that has arrived: the audit itself is the queue. `owner` is the node that sends,
#: until `owned_until`; nobody tries before `due`. `secret` (a webhook's key) and `key` (of the certificate that we show) are
#: sealed. `sent`, `refused` and `lost` count entries: that arrived, that the receiver will never take, and that were too old
#: to be kept any longer for it.
audit_exports = sa.Table(
    "audit_exports", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("format", ID, nullable=False),
    sa.Column("ca_bundle", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("owner", ID, nullable=False),
    sa.Column("owned_until", sa.Double, nullable=False),
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("delivered", sa.Double, nullable=False),
    sa.Column("sent", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("lost", sa.BigInteger, nullable=False),
)
