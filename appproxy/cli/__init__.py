"""The appproxy command."""

from appproxy.cli.main import main

__all__ = ["main"]
