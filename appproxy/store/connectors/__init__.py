"""Enrolled connectors, their groups, tokens to join."""
