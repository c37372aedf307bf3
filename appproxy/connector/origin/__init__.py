"""Connections to the applications: dialled, kept, shared out, watched."""
