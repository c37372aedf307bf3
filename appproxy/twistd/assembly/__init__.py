"""A service node, put together: how it gets its store, and what makes each of its parts from the settings."""
