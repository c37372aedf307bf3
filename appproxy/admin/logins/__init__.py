"""Machines that somebody lets in at the administration: command lines elsewhere, and connectors (RFC 8628)."""
