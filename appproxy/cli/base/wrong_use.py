"""A command line that cannot be meant."""

from __future__ import annotations

import click

from appproxy.errors import AppProxyError


class WrongUse(AppProxyError, click.UsageError):  # type: ignore[misc]  # click calls `message` final, and means the same by it
    """Options or arguments that do not go together; `cli.main` shows the command's usage with it."""
