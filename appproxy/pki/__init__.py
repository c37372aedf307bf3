"""Certificates: the authority, certificate requests, join tokens. Pure."""
