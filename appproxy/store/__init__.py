"""The database: schema, queries, and the snapshot that nodes work from."""
