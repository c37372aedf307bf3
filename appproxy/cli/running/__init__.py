"""Commands about the service as a whole."""
