"""Which connector has the connection that an application has authenticated for somebody: their next request goes there.

Learnt from what passes: credentials of NTLM or Negotiate in a request, or such a challenge in an answer. What is forgotten
costs a handshake and no more, so the table is bounded and nobody tells the node when a connection has ended.
"""

from __future__ import annotations

from appproxy.http.connection_authentication import has_challenge, has_credentials
from appproxy.publish.application import Application
from appproxy.service.recent import Recent
from appproxy.service.relay.connectors.share_tokens import NOBODY

#: Why a repeated request has no answer.
ANOTHER_ANSWER = "the connector was lost with the connection that the application had authenticated"
#: Owners whose connector is remembered: connectors keep 1,024 such connections to each application.
MOST_OWNERS = 10_000


class Affinity(Recent[str]):
    """Connectors by application and owner (`service.relay.share_tokens`)."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        super().__init__(MOST_OWNERS)
        #: Has any connector ever been noted?
        self.used = False

    def connector_of(self, application: Application, owner: bytes) -> str | None:
        """What the roster calls the connector, or worker of one, that was used last; None: any will do."""
        return self.get((application.id, owner))

    def note(self, application: Application, owner: bytes, connector: str) -> None:
        """It was this one."""
        if owner != NOBODY:
            self.used = True
            self.put((application.id, owner), connector)


def binds_by_request(application: Application, block: bytes) -> bool:
    """Is the connection that carries a request with this block its owner's alone?"""
    how = application.connection_authentication
    if how == "auto":
        return b"authorization: " in block and has_credentials(block)
    return how == "always"


def binds_by_answer(application: Application, block: bytes) -> bool:
    """Does an answer with this block make it so?"""
    return application.connection_authentication == "auto" and has_challenge(block)


def is_for_nobody(repeated: bool, status: int, block: bytes) -> bool:
    """Is it the answer to a repeat at another connector, where the application knew nobody and did not ask?

    The request had been sent to where its owner was known; a page for somebody unknown is no answer to it.
    """
    return repeated and not (status == 401 and has_challenge(block))
