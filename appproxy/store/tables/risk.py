"""The tables that risk is told from; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, SUBJECT, metadata, snapshot_table

#: Sign-ins as they were judged, some for each user. `device`: a hash; `browser`, `system`: as users know them; `step`,
#: `new_device` (-1: no device is known): what was new; `parts`: a JSON list; `outcome`: what became of it; `state`: what is
#: thought of it now.
risk_sign_ins = sa.Table(
    "risk_sign_ins", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("provider", ID, nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("name", NAME, nullable=False),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("session", ID, nullable=False),
    sa.Column("application", ID, nullable=False),
    sa.Column("address", ID, nullable=False, index=True),
    sa.Column("country", ID, nullable=False),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("browser", NAME, nullable=False),
    sa.Column("system", NAME, nullable=False),
    sa.Column("device", ID, nullable=False),
    sa.Column("step", ID, nullable=False),
    sa.Column("new_device", sa.Integer, nullable=False),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("level", ID, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("outcome", ID, nullable=False),
    sa.Column("state", ID, nullable=False),
    sa.Index("ix_risk_sign_ins_provider", "provider", "subject"),
)
#: How many sign-ins of all users have a feature; older ones count less each day. `seen`: the last one.
risk_counts = sa.Table(
    "risk_counts", metadata,
    sa.Column("kind", ID, primary_key=True),
    sa.Column("value", NAME, primary_key=True),
    sa.Column("amount", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False, index=True),
)
#: Wrong passwords by hour (since 1970), network and user of the built-in provider; of names that nobody has, `?`
#: and a number; of users whose password was not tried, `!` and the id.
risk_failures = sa.Table(
    "risk_failures", metadata,
    sa.Column("network", ID, primary_key=True),
    sa.Column("subject", ID, primary_key=True),
    sa.Column("hour", sa.BigInteger, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Index("ix_risk_failures_subject", "subject"),
    sa.Index("ix_risk_failures_hour", "hour"),
)
#: Users against whom something is held. `confirmed`: an admin has said so, and it does not end by itself.
risky_users = snapshot_table(
    "risky_users",
    sa.Column("provider", ID, primary_key=True),
    sa.Column("subject", SUBJECT, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("medium_until", sa.Double, nullable=False),
    sa.Column("high_until", sa.Double, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("changed", sa.Double, nullable=False),
)
