"""Where connectors are, and which are updated; the rest is in `schema`. No snapshot is made of it."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, key_of, metadata

#: A row for each connector at each node, from when it comes until it goes. What was not `seen` for a while is a node's that
#: was killed. A node has no row of its own before its first sign of life, so that this refers to none.
connector_places = sa.Table(
    "connector_places", metadata,
    sa.Column("connector", ID, key_of("connectors", cascade=True), primary_key=True),
    sa.Column("node", ID, primary_key=True, index=True),
    sa.Column("seen", sa.Double, nullable=False),
)
#: Whose turn it is to be updated: one connector of a group at a time, `until` then at the latest. The row stays until the
#: connector has said that it is done, or somebody else's turn has come.
update_leases = sa.Table(
    "update_leases", metadata,
    sa.Column("connector_group", ID, key_of("connector_groups", cascade=True), primary_key=True),
    sa.Column("connector", ID, key_of("connectors", cascade=True), nullable=False),
    sa.Column("begun", sa.Double, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
)
