"""A connection of HTTP/2 to an application, under TLS."""

from __future__ import annotations

from twisted.internet.interfaces import IHandshakeListener
from zope.interface import implementer

from appproxy.connector.origin.h2.connection import OriginH2Connection
from appproxy.net.secure.tls import negotiated


@implementer(IHandshakeListener)
class SecureH2Connection(OriginH2Connection):
    """The same under TLS, when ALPN has agreed on it."""

    def connected_to_application(self) -> None:
        """TCP is connected; the handshake comes first."""

    def handshakeCompleted(self) -> None:
        """TLS is up, the certificate is verified."""
        if negotiated(self.transport) == b"h2":
            self.greet()
        else:
            self._broken("the application does not offer HTTP/2 (ALPN): set protocol=http1")
