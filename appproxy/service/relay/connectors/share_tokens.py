"""What connectors tell users apart by: short tokens that are equal or not, and mean nothing to anybody else.

`share` is whom fair shares are counted for, and whose requests stay together where an application wants that (`preferred`);
`owner` is whom a connection to an application may belong to that the application authenticates (NTLM, Negotiate). A user is a
subject of a provider: two providers may have one issuer and name different people alike. Both are keyed hashes, 96 bits
long: among ten million owners the probability that any two are equal is 10^-15. All nodes have the key of shares, so that a
user's requests stay together whichever node has them, also after a start; that of owners is of the process's start, for
numbers of connections come again then.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import blake2b

from appproxy.identity.session import Session
from appproxy.policy.networks import sender_of
from appproxy.service.recent import Recent

#: Nobody: a connection that the application authenticates for such a request must not serve another one.
NOBODY = b"-"
#: What the key of shares is made for, of the master key.
SHARES = "users' shares"
#: 12 bytes are 16 characters without padding.
_BYTES = 12


class ShareTokens:
    """Makes them, each once for a session, an address or a user's connection.

    `token` gives random bytes; `share_key` are 16 to 64 bytes that all nodes have, and nobody else.
    """

    __slots__ = ("_addresses", "_both", "_owner_key", "_share_key", "_users")

    def __init__(self, token: Callable[[int], bytes], share_key: bytes) -> None:
        self._owner_key = token(32)
        self._share_key = share_key
        self._users: Recent[bytes] = Recent()
        self._addresses: Recent[bytes] = Recent()
        #: Share and owner, by all that they are made of.
        self._both: Recent[tuple[bytes, bytes]] = Recent()

    def of(self, session: Session | None, client: str, connection: int) -> tuple[bytes, bytes]:
        """`share` and `owner` of a request: one look-up for all but the first of a connection."""
        key: tuple[object, ...] = (connection, client)
        if session is not None:
            key = (connection, session.id, session.provider, session.issuer, session.subject)
        both = self._both.get(key)
        if both is None:
            both = self.share(session, client), self.owner(session, connection)
            self._both.put(key, both)
        return both

    def share(self, session: Session | None, client: str) -> bytes:
        """The user's token; without a session that of the address, of IPv6 of its /64 or of some of those of its /48."""
        if session is None:
            found = self._addresses.get(client)
            if found is None:
                found = _hash(self._share_key, "address", sender_of(client))
                self._addresses.put(client, found)
            return found
        user = (session.provider, session.issuer, session.subject)
        found = self._users.get(user)
        if found is None:
            found = _hash(self._share_key, "user", *user)
            self._users.put(user, found)
        return found

    def owner(self, session: Session | None, connection: int) -> bytes:
        """The token of a session on the user's connection with this number; b"-" where neither is known.

        Connection 0 proves nothing: a trusted proxy brings several users on it. The session counts there alone.
        """
        if session is None:
            if not connection:
                return NOBODY
            key: tuple[object, ...] = (connection,)
        else:
            key = (connection, session.id, session.provider, session.issuer, session.subject)
        return _hash(self._owner_key, "owner", *map(str, key))


def _hash(key: bytes, *parts: str) -> bytes:
    # Each with its length before it: no two lists of parts have the same bytes.
    text = b"".join(b"%d:%b" % (len(raw), raw) for raw in (part.encode("utf-8", "surrogatepass") for part in parts))
    return urlsafe_b64encode(blake2b(text, digest_size=_BYTES, key=key).digest())
