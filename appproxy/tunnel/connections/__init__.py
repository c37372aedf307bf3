"""The two kinds of connections, as state without I/O."""
