"""The sample application, and everything on one machine with one command."""
