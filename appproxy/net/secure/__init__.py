"""TLS on Twisted."""
