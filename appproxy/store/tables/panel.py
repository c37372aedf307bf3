"""The tables of what users see of applications in their list; the rest is in `core`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, SUBJECT, key_of, metadata, snapshot_table

#: Which applications have a logo: `kind` is its media type, `digest` what its address ends with.
application_logos = snapshot_table(
    "application_logos",
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("digest", ID, nullable=False),
)
#: The pictures, apart: whatever is in the snapshot is in the memory of each node.
logo_pictures = sa.Table(
    "logo_pictures", metadata,
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True),
    sa.Column("picture", sa.LargeBinary, nullable=False),
)
#: Which applications a user has signed in to last: some few of each.
recent_applications = sa.Table(
    "recent_applications", metadata,
    sa.Column("provider", ID, key_of("providers", cascade=True), primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), primary_key=True, index=True),
    sa.Column("used", sa.Double, nullable=False, index=True),
)
#: Who has asked to use which application: `state` is "pending", "approved" or "denied"; `decider` who has said so, as the
#: audit names them, and `answer` what they have said; `ends`: when the access ends, or while it waits the request.
access_requests = sa.Table(
    "access_requests", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("application", ID, key_of("applications", cascade=True), nullable=False, index=True),
    sa.Column("provider", ID, key_of("providers", cascade=True), nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("decider", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("decided", sa.Double, nullable=False),
    sa.Column("ends", sa.Double, nullable=False, index=True),
    sa.Index("ix_access_requests_provider_subject", "provider", "subject"),
)
