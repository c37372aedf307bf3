"""Authorities and certificates for tests, valid at the moment of the test run, because OpenSSL looks at the real clock."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from appproxy.pki import (
    Credential,
    certificate_request,
    create_authority,
    issue_connector,
    issue_server,
    new_key,
    public_key_from_request,
)

NOW = datetime.now(UTC).timestamp()
DAY = 86_400.0
CONNECT = "connect.example.com"

_numbers = count(1)


def number() -> bytes:
    """A serial number that no other certificate of the run has."""
    return next(_numbers).to_bytes(16, "big")


def authority(name: str = "appproxy connectors", now: float = NOW) -> Credential:
    """A new trust anchor."""
    return create_authority(name, now, serial=number())


def connector(of: Credential, id: str = "c0ffee", now: float = NOW, days: int = 365) -> Credential:
    """A connector's certificate and key."""
    key = new_key()
    public = public_key_from_request(certificate_request(key))
    return Credential(issue_connector(of, public, id, now, days, number()), key)


def server(of: Credential, *names: str, now: float = NOW, days: int = 90) -> Credential:
    """A server's chain and key."""
    return issue_server(of, names or (CONNECT,), now, days, number())


#: Made 500 days ago, so that certificates below it can have expired.
OURS = authority(now=NOW - 500 * DAY)
OTHERS = authority("another service", now=NOW - 500 * DAY)
SERVICE = server(OURS)
CONNECTOR = connector(OURS)
