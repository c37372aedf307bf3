"""One connection to a server of a directory: TLS before anything else, then one operation at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.ldap import ber, messages
from appproxy.ldap.ber import Malformed
from appproxy.ldap.messages import DirectoryEntry, Response, Result, SearchRequest

#: Bytes of one message, and of all entries of one search: what we ask for has some kilobytes.
MOST_MESSAGE, MOST_FOUND = 1 << 20, 4 << 20


def away(detail: str) -> RequestError:
    """What all that goes wrong on a connection is."""
    return RequestError(Code.PROVIDER_UNREACHABLE, detail)


@implementer(IHandshakeListener)
class LdapConnection(Protocol):
    """Made by a client end point. All that is asked of it fails with RequestError(PROVIDER_UNREACHABLE) when it is lost.

    `at_once`: TLS from the first byte (LDAPS), else after StartTLS (RFC 4513 section 3). Nothing is sent without TLS but the
    wish for it, and a server that refuses is left.
    """

    def __init__(self, context: object, at_once: bool) -> None:
        self._context = context
        self._at_once = at_once
        #: Fires when TLS is there and the server is whom it should be.
        self.ready: Deferred[None] = Deferred()
        self.lost = False
        self.on_lost: Callable[[], object] = lambda: None
        self._secure = False
        self._buffer = bytearray()
        self._id = 0
        self._answer: Deferred[tuple[list[DirectoryEntry], Result]] | None = None
        self._entries: list[DirectoryEntry] = []
        self._size = 0

    def connectionMade(self) -> None:
        """Called by Twisted."""
        if self._at_once:
            self._start_tls()
        else:
            self._id = 1
            self._write(messages.start_tls_request(1))

    def handshakeCompleted(self) -> None:
        """Called by TLS: chain and name are good."""
        self._secure = True
        self.ready.callback(None)

    async def bind(self, dn: str, password: str) -> Result:
        """Who is asking from now on. Raises ValueError without a name or a password."""
        _, result = await self._ask(lambda id_: messages.bind_request(id_, dn, password))
        return result

    async def search(self, search: SearchRequest) -> tuple[list[DirectoryEntry], Result]:
        """The entries that were found. What other servers would have is left out."""
        return await self._ask(lambda id_: messages.search_request(id_, search))

    def leave(self) -> None:
        """Close it, with a good-bye where that is possible."""
        if not self.lost and self._secure and self._answer is None:
            self._write(messages.unbind_request(self._id + 1))
            self._transport.loseConnection()
        else:
            self._transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """Called by Twisted."""
        self._buffer += data
        try:
            while (end := ber.frame(self._buffer, MOST_MESSAGE)) is not None and len(self._buffer) >= end:
                message = bytes(self._buffer[:end])
                del self._buffer[:end]
                self._took(*messages.read_message(message), len(message))
        except Malformed as error:
            self._broken(f"what it says is no LDAP: {error}")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Called by Twisted."""
        self.lost = True
        self._fail(f"the connection was lost: {reason.getErrorMessage()}")
        self.on_lost()

    def _took(self, id_: int, said: Response, size: int) -> None:
        if id_ == 0:
            # RFC 4511 section 4.4.1: the only one that there is says that the server closes the connection.
            return self._broken("the server ends the connection")
        if not self._secure:
            return self._start_tls_answered(id_, said)
        if id_ != self._id or self._answer is None:
            return self._broken("an answer that nobody asked for")
        self._size += size
        if self._size > MOST_FOUND:
            return self._broken("too much was found")
        if isinstance(said, DirectoryEntry):
            self._entries.append(said)
        elif isinstance(said, Result):
            answer, self._answer = self._answer, None
            answer.callback((self._entries, said))
        return None

    def _start_tls_answered(self, id_: int, said: Response) -> None:
        """The answer to StartTLS. What follows it without TLS may be anybody's."""
        if id_ != self._id or not isinstance(said, Result) or self._buffer:
            return self._broken("something else came before TLS")
        if said.code != messages.ResultCode.SUCCESS:
            return self._broken(f"it refuses StartTLS ({said.code}: {said.message[:200]})")
        # No further answer counts until TLS is there.
        self._id = 0
        return self._start_tls()

    def _start_tls(self) -> None:
        self._transport.startTLS(self._context)

    async def _ask(self, make: Callable[[int], bytes]) -> tuple[list[DirectoryEntry], Result]:
        if self.lost or self._answer is not None:
            raise away("the connection is lost")
        self._id += 1
        message = make(self._id)
        self._entries, self._size = [], 0
        answer = self._answer = Deferred(lambda _: self._transport.abortConnection())
        self._write(message)
        return await answer

    def _broken(self, why: str) -> None:
        self._buffer.clear()
        self._fail(why)
        self._transport.abortConnection()

    def _fail(self, why: str) -> None:
        answer, self._answer = self._answer, None
        for waiting in (self.ready, answer):
            if waiting is not None and not waiting.called:
                waiting.errback(away(why))

    def _write(self, data: bytes) -> None:
        self._transport.write(data)

    @property
    def _transport(self) -> Any:
        return self.transport
