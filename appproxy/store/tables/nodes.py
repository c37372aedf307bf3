"""The tables of the service's nodes; the rest is in `schema`. No snapshot is made of them: a sign of life changes none."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, metadata

#: One row a process of the service. `name` and `directory` tell one state directory from all others; `address` is where
#: connectors dial this very node, "" where it tells none. `beats` counts signs of life, `seen` is the time of the last one.
nodes = sa.Table(
    "nodes", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("directory", sa.Text, nullable=False),
    sa.Column("address", sa.String(300), nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("started", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
    sa.Column("beats", sa.BigInteger, nullable=False),
)
#: `bundle` is what a machine needs to become a node, sealed under a secret that is not here, in base64url. `used` is 0 until
#: it was taken, and `bundle` is empty from then on.
node_tokens = sa.Table(
    "node_tokens", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("bundle", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("used", sa.Double, nullable=False),
    sa.Column("used_by", NAME, nullable=False),
)
#: What a node has let pass in the last second or so of limits that others count, too: JSON. The last few beats of each node
#: are kept, none while nothing is told.
rate_uses = sa.Table(
    "rate_uses", metadata,
    sa.Column("node", ID, primary_key=True),
    sa.Column("beat", sa.BigInteger, primary_key=True),
    sa.Column("uses", sa.Text, nullable=False),
)
