"""The table of passwords that were tried lately, by which all nodes count together; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, metadata

#: `number` counts up over all nodes; `process` has counted this one by itself already. `name` and `device` are digests, since
#: what was typed as a name may be somebody's password; `device` is "" for a browser that nobody knows.
password_attempts = sa.Table(
    "password_attempts", metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("process", ID, nullable=False),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("name", ID, nullable=False),
    sa.Column("device", ID, nullable=False),
    sa.Column("network", NAME, nullable=False),
    sa.Column("block", NAME, nullable=False),
    sa.Column("succeeded", sa.Boolean, nullable=False),
)
