"""What a start need not load, it does not load: commands answer at once, and a service is soon back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: What takes most of the time of a start: the database, the reactor, the certificates' library, tables for terminals.
HEAVY = (
    "acme", "alembic", "argon2", "authlib", "cryptography", "jinja2", "ngh2", "prometheus_client", "sqlalchemy", "treq",
    "twisted",
)  # fmt: skip


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        ("import appproxy.cli", ()),
        ("import appproxy.admin.transport.direct", ("cryptography", "sqlalchemy", "twisted")),
        ("import appproxy.twistd.service",
         ("argon2", "authlib", "cryptography", "jinja2", "ngh2", "prometheus_client", "sqlalchemy", "twisted")),
        ("import appproxy.twistd.connector", ("cryptography", "ngh2", "twisted")),
        ("from appproxy.api import CookieAuthResource, identity_of, oidc_client", ("cryptography", "jinja2", "twisted")),
        ("from appproxy.api import DataSession, SignalSession, errors, tunnel", ()),
        ("from appproxy.api import connector_service", ("cryptography", "ngh2", "twisted")),
    ],
    ids=["a command", "a command without a service", "the service", "the connector", "sign-in before a site",
         "the tunnel alone", "the connector as a library"],
)
def test_only_what_is_needed_is_loaded(program: str, needed: tuple[str, ...]) -> None:
    """The rest is imported by what needs it, when it is needed."""
    check = f"{program}; import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert tuple(loaded.split()) == needed
