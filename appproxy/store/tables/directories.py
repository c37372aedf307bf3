"""The tables of directories (LDAP) from which the built-in provider takes users; the rest is in `schema`."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.tables.core import ID, NAME, SUBJECT, key_of, metadata

#: Lists have blanks between. `place` says which is asked first; `settings` is a JSON object of what else is set.
directories = sa.Table(
    "directories", metadata,
    sa.Column("id", ID, primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("name_key", NAME, nullable=False, unique=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("bind_password", sa.LargeBinary, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
)
#: Which users are of a directory. `subject` is what the directory knows the entry by for ever; `password_mark` is another one
#: after each change of the password; `checked`: when the directory was asked last.
directory_users = sa.Table(
    "directory_users", metadata,
    sa.Column("user_id", ID, key_of("users", cascade=True), primary_key=True),
    sa.Column("directory", ID, key_of("directories"), nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.Column("password_mark", NAME, nullable=False),
    sa.Column("checked", sa.Double, nullable=False),
    sa.UniqueConstraint("directory", "subject"),
)
#: Which groups are those of a directory.
directory_groups = sa.Table(
    "directory_groups", metadata,
    sa.Column("group_id", ID, key_of("user_groups", cascade=True), primary_key=True),
    sa.Column("directory", ID, key_of("directories"), nullable=False),
    sa.Column("subject", SUBJECT, nullable=False),
    sa.UniqueConstraint("directory", "subject"),
)
