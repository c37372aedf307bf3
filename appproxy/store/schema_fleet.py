"""Where connectors are; the rest is in `schema`. No snapshot is made of it: a sign of life changes none."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.schema import ID, key_of, metadata

#: A row for each connector at each node, from when it comes until it goes. What was not `seen` for a while is a node's that
#: was killed. A node has no row of its own before its first sign of life, so that this refers to none.
connector_places = sa.Table(
    "connector_places", metadata,
    sa.Column("connector", ID, key_of("connectors", cascade=True), primary_key=True),
    sa.Column("node", ID, primary_key=True, index=True),
    sa.Column("seen", sa.Double, nullable=False),
)
