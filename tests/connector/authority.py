"""A service's connector authority, for the tests that need certificates."""

from __future__ import annotations

import secrets

from appproxy.connector.enrol.identity import Identity
from appproxy.pki import (
    Credential,
    certificate_request,
    create_authority,
    issue_connector,
    issue_server,
    new_key,
    public_key_from_request,
    split_chain,
)

#: 2026-07-01 00:00 UTC.
NOW = 1782864000.0
DAY = 86400.0


class Authority:
    """Signs for connectors and for the service; `now` is when it was made."""

    def __init__(self, now: float = NOW) -> None:
        self.credential = create_authority("test", now, serial=secrets.token_bytes(16))
        self.anchor = split_chain(self.credential.certificate)[0]

    def sign(self, csr: str, id: str = "c1", days: int = 365, now: float = NOW) -> str:
        """A connector's certificate for a request."""
        return issue_connector(self.credential, public_key_from_request(csr), id, now, days, secrets.token_bytes(16))

    def identity(self, id: str = "c1", days: int = 365, now: float = NOW) -> Identity:
        """A connector's key and certificate."""
        key = new_key()
        return Identity(Credential(self.sign(certificate_request(key), id, days, now), key), (self.anchor,))

    def chain(self, name: str) -> list[str]:
        """What a service of this name shows: its leaf, then the anchor."""
        leaf = issue_server(self.credential, [name], NOW, 30, secrets.token_bytes(16))
        return [split_chain(leaf.certificate)[0], self.anchor]
