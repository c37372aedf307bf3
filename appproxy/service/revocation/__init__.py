"""Where the service asks itself which certificates are revoked."""
