"""Which certificates are revoked: the authorities' lists (RFC 5280), and what their responders say of one (RFC 6960)."""
