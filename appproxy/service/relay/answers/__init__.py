"""Answers on their way to the user."""
