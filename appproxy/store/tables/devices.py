"""The tables of devices: authorities whose certificates prove them, and those that our own has issued. The rest is in
`schema`.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, key_of, metadata, snapshot_table

#: `certificates` is PEM. `lists` is a JSON object: until when the list of revoked certificates of each issuer counts; empty
#: where none is known. `revoked`: the certificates that are in them, by ids with blanks between. `editions`: a JSON object,
#: number and thisUpdate of the newest list that was ever there of each issuer.
device_authorities = snapshot_table(
    "device_authorities",
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("certificates", sa.Text, nullable=False),
    sa.Column("lists", sa.Text, nullable=False),
    sa.Column("revoked", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("changed", sa.Double, nullable=False),
    sa.Column("editions", sa.Text, nullable=False, server_default="{}"),
)
#: Devices of users of the built-in provider, with a certificate of our own authority. `link_hash`: of the link by which the
#: key is fetched until `link_until`, "" for none any more, and `password`: sealed, what its file is under. `fingerprint`,
#: `number` (`pki.crl.certificate_id`) and `not_after` are empty until there is a certificate, which lasts `days`; `revoked` is
#: 0.0 for not. No part of the snapshot: what ends is in `device_revocations`.
devices = sa.Table(
    "devices", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("user", ID, key_of("users", cascade=True), nullable=False, index=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("link_hash", ID, nullable=False, index=True),
    sa.Column("link_until", sa.Double, nullable=False),
    sa.Column("password", sa.LargeBinary, nullable=False),
    sa.Column("fingerprint", ID, nullable=False),
    sa.Column("number", ID, nullable=False),
    sa.Column("not_after", sa.Double, nullable=False),
    sa.Column("revoked", sa.Double, nullable=False),
)
#: Certificates of our own authority that are revoked, by `number`, until they end.
device_revocations = snapshot_table(
    "device_revocations",
    sa.Column("id", ID, primary_key=True),
    sa.Column("expires", sa.Double, nullable=False, index=True),
)
