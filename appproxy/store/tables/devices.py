"""The tables of devices: authorities whose certificates prove them, and those that our own has issued. The rest is in
`schema`.
"""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, key_of, metadata, snapshot_table

#: `certificates` is PEM. `lists` is a JSON object: until when the list of revoked certificates of each issuer counts; empty
#: where none is known. `revoked`: the certificates that are in them, by ids with blanks between. `editions`: a JSON object,
#: number and thisUpdate of the newest list that was ever there of each issuer. `crl_urls`, `ocsp`: JSON lists of URLs.
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
    sa.Column("crl_urls", sa.Text, nullable=False, server_default="[]"),
    sa.Column("ocsp", sa.Text, nullable=False, server_default="[]"),
    sa.Column("ocsp_soft", sa.Boolean, nullable=False, server_default=sa.false()),
)
#: How the lists of an authority are fetched from `crl_urls`. `owner`: the node that is at it, until `owned_until`. `fetched`:
#: when it went well last, 0.0 for never; `failures`: in a row since, and `problem` the last of them.
device_list_fetches = sa.Table(
    "device_list_fetches", metadata,
    sa.Column("id", ID, key_of("device_authorities", cascade=True), primary_key=True),
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("owner", ID, nullable=False),
    sa.Column("owned_until", sa.Double, nullable=False),
    sa.Column("fetched", sa.Double, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
#: What responders have said last of certificates that were proved lately, by `pki.crl.certificate_id`. `issuer`:
#: `pki.crl.issuer_id`; `serial`: in hexadecimal digits; `begins`, `until`: of the answer, 0.0 for none; `due`: when it is
#: asked again; `proved`: the last proof. `failures`, `problem`: of the questions since. No part of the snapshot: each proof
#: writes it.
device_statuses = sa.Table(
    "device_statuses", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("authority", ID, key_of("device_authorities", cascade=True), nullable=False, index=True),
    sa.Column("issuer", ID, nullable=False),
    sa.Column("serial", ID, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("begins", sa.Double, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("due", sa.Double, nullable=False, index=True),
    sa.Column("proved", sa.Double, nullable=False, index=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
#: What nodes have to know of them: until when the answer counts of those that were asked about again, 0.0 for revoked.
device_answers = snapshot_table(
    "device_answers",
    sa.Column("id", ID, primary_key=True),
    sa.Column("authority", ID, key_of("device_authorities", cascade=True), nullable=False, index=True),
    sa.Column("until", sa.Double, nullable=False),
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
