"""Certificates for users' browsers, and their orders."""
