"""What Alembic runs: our migrations on the connection that `migrate.upgrade` gives, inside its transaction."""

from __future__ import annotations

from alembic import context

from appproxy.store.tables.core import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("Migrations run by themselves when the store is opened; there is nothing to run by hand.")
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
