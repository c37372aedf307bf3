"""How operations are called: over HTTPS, the service's socket, or on the database alone."""
