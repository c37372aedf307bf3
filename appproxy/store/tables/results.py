"""The table of what policies would have done that are only reported; the rest is in `core`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, SUBJECT, key_of, metadata

#: By day (since 1970, UTC), policy (its id), user, application and what it does: how often, and of the last time when, from
#: where, and because of what. "" as the subject: more users than are told apart, or all whom it would let pass.
policy_results = sa.Table(
    "policy_results", metadata,
    sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("policy", ID, key_of("policy_documents", cascade=True), primary_key=True),
    sa.Column("provider", ID, primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("application", ID, primary_key=True),
    sa.Column("does", ID, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("last", sa.Double, nullable=False),
    sa.Column("address", ID, nullable=False),
    sa.Column("because", NAME, nullable=False),
    sa.Index("ix_policy_results_policy", "policy"),
)
