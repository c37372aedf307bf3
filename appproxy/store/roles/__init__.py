"""Who administers the service."""
