"""Sending the audit to where it is exported to."""
