"""The appproxy command."""
