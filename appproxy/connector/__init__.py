"""The agent next to the applications: it only dials out."""
