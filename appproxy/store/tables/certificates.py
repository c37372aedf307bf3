"""The tables of the users' certificates, and of their orders by ACME; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, metadata, snapshot_table

#: Certificates of the users' listener beside its default one. `source` is `given` or `acme`; `names` are its DNS names
#: with blanks between.
certificates = snapshot_table(
    "certificates",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("source", ID, nullable=False),
    sa.Column("names", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("not_before", sa.Double, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("changed", sa.Double, nullable=False),
)
#: One row at most: our account at an authority that speaks ACME. `contacts` are URLs with blanks between.
acme_accounts = sa.Table(
    "acme_accounts", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("directory", sa.Text, nullable=False),
    sa.Column("contacts", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("binding_id", sa.Text, nullable=False),
    sa.Column("binding_key", sa.LargeBinary, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
)
#: The id is that of the certificate, once it is issued. `owner` is the node that has it in hand until `owned_until`.
certificate_orders = sa.Table(
    "certificate_orders", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("hosts", sa.Text, nullable=False),
    sa.Column("challenge", ID, nullable=False),
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("owner", ID, nullable=False),
    sa.Column("owned_until", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: What the authority asks of all nodes while an order is in hand; `kind` is `http-01` or `tls-alpn-01`.
acme_challenges = snapshot_table(
    "acme_challenges",
    sa.Column("token", sa.String(255), primary_key=True),
    sa.Column("kind", ID, nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
