"""What connectors and applications get to know of who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appproxy.identity.session import Session
from appproxy.publish.application import Application
from appproxy.service.relay.connectors.share_tokens import ShareTokens
from appproxy.service.relay.request_signer import RequestSigner


class UserBlocks(Protocol):
    """What is said of a session (`identity_blocks.Blocks`)."""

    def user_header(self, session: Session) -> bytes:
        """JSON for the connector."""
        ...

    def identity_block(self, application: Application, session: Session) -> bytes:
        """Field lines for the application."""
        ...


@dataclass(frozen=True, slots=True)
class ForwardedIdentity:
    """`tokens`: what connectors tell users apart by; `signer` has the last word on what an application gets."""

    blocks: UserBlocks
    tokens: ShareTokens
    signer: RequestSigner | None = None
