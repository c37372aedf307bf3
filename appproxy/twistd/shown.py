"""Commands as they are printed for people to type: what is printed must run as it is, in the shell they sit at."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def program(name: str, beside: str = sys.executable, search: str | None = None) -> str:
    """How to call one of our programs: by its name where the shell finds this very installation's, else by its path.

    `beside`: the Python that runs us, whose directory has the programs. `search`: PATH, that of the environment if None.
    """
    own = Path(beside).parent / name
    if not own.exists():
        return name
    found = shutil.which(name, path=search)
    if found is not None and os.path.samefile(found, own):
        return name
    return shlex.quote(str(own))


def service_command(state: Path) -> str:
    """What starts the service. Without a pid file: a second program of twistd could not run in the same directory."""
    return f"{program('twistd')} -n --pidfile= appproxy-service --state {shlex.quote(str(state))}"


def connector_command(state: Path) -> str:
    """What starts a connector."""
    return f"{program('twistd')} -n --pidfile= appproxy-connector --state {shlex.quote(str(state))}"
