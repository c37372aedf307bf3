"""Which connector gets a request."""
