"""The tables of who administers the service, and of what they were answered; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, SUBJECT, key_of, metadata, snapshot_table

#: Who has a role: a user or a group (`kind`) of a provider, or a service token, which has none. `value` is what their tokens
#: carry, and of a service token its id. `application`: for that one alone. `expires`: 0 for good.
role_assignments = snapshot_table(
    "role_assignments",
    sa.Column("id", ID, primary_key=True),
    sa.Column("role", ID, nullable=False),
    sa.Column("provider", ID, key_of("providers", cascade=True), index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", SUBJECT, nullable=False),
    sa.Column("application", ID, key_of("applications", cascade=True), index=True),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
)
#: What was answered to a change that its client may ask for again (Idempotency-Key). The id is a hash of caller and key,
#: `fingerprint` one of what was asked; the answer, which may have a secret, is sealed.
idempotent_answers = sa.Table(
    "idempotent_answers", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("fingerprint", ID, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
